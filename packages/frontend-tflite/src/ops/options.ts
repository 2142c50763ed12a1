import type { FlatBuffer } from '../flatbuffer.ts';

type Kind = 'int8' | 'int32' | 'uint32' | 'float32' | 'flag' | 'integers';

/** A field of an option table: its number in the schema, and what it is where it is absent. */
interface OptionField<K extends Kind = Kind> {
  readonly kind: K;
  readonly field: number;
  readonly fallback: number;
}

export type OptionFields = Readonly<Record<string, OptionField>>;

/** The values of an option table. */
export type OptionValues<F extends OptionFields> = {
  readonly [N in keyof F]: F[N] extends OptionField<'integers'>
    ? readonly number[]
    : F[N] extends OptionField<'flag'>
      ? boolean
      : number;
};

/** The options of an op, as the schema has them. */
export interface OptionTable<F extends OptionFields = OptionFields> {
  /** The table's number in the union BuiltinOptions, or with `union` 2 in BuiltinOptions2. */
  readonly tag: number;
  readonly union: 1 | 2;
  readonly fields: F;
}

const field =
  <K extends Kind>(kind: K) =>
  (number: number, fallback = 0): OptionField<K> => ({ kind, field: number, fallback });

export const int8 = field('int8');
export const int32 = field('int32');
export const uint32 = field('uint32');
export const float32 = field('float32');
export const flag = field('flag');
export const integers = field('integers');

/** An option table by its number in the schema's union of option tables. */
export function options<const F extends OptionFields>(
  tag: number,
  fields: F,
  union: 1 | 2 = 1,
): OptionTable<F> {
  return { tag, union, fields };
}

export const NO_OPTIONS = options(0, {});

/** The values of an op's options; `table` is their place in the file, 0 if it has none. */
export function readOptions(
  buffer: FlatBuffer,
  table: number,
  fields: OptionFields,
): Readonly<Record<string, number | boolean | readonly number[]>> {
  const values: Record<string, number | boolean | readonly number[]> = {};
  for (const name in fields) {
    const { kind, field: number, fallback } = fields[name]!;
    if (kind === 'integers') values[name] = table === 0 ? [] : buffer.integers(table, number);
    else if (kind === 'flag')
      values[name] = (table === 0 ? fallback : buffer.uint8(table, number, fallback)) !== 0;
    else values[name] = table === 0 ? fallback : buffer[kind](table, number, fallback);
  }
  return values;
}
