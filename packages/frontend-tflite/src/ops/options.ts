import type { OptionFields } from '@nnmeter/tflite-schema';
import type { FlatBuffer } from '../flatbuffer.ts';

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
