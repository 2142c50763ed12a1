import type { Value } from './value.ts';

/** What an argument may be: undefined is None, or a number that is not known. */
export type ArgumentValue =
  | Value
  | number
  | string
  | boolean
  | undefined
  | readonly (Value | number | string | boolean | undefined)[];

/** The arguments of a node by name. */
export type Arguments = ReadonlyMap<string, ArgumentValue>;

/** Names and defaults of arguments, as aten declares them. */
export interface Signature {
  readonly name: string;
  readonly defaults: Arguments;
}

/**
 * Reads a declaration in aten's way, without types: `conv2d(input, weight, bias=None, stride=1, padding=[0, 0])`. Exported
 * programs leave out arguments that are equal to their default.
 */
export function parseSignature(declaration: string): Signature {
  const open = declaration.indexOf('(');
  const defaults = new Map<string, ArgumentValue>();
  for (const [, name, value] of declaration.slice(open + 1, -1).matchAll(ARGUMENT)) {
    if (value !== undefined) defaults.set(name!, parseDefault(value));
  }
  return { name: declaration.slice(0, open), defaults };
}

const ARGUMENT = /(\w+)(?:=(\[[^\]]*\]|[^,]+))?(?:, |$)/g;

function parseDefault(value: string): ArgumentValue {
  if (value === 'None') return undefined;
  if (value === 'True' || value === 'False') return value === 'True';
  if (value.startsWith('['))
    return value === '[]' ? [] : value.slice(1, -1).split(', ').map(Number);
  return /^[-\d.]/.test(value) ? Number(value) : value;
}
