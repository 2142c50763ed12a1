import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { children, type Part, type Syntax } from '../part.ts';
import { json } from './json.ts';

/** Archives of torch.export: zips whose texts are JSON. */
export const pt2: Syntax = {
  parse: (bytes) => ({
    label: '',
    kind: 'archive',
    value: Object.entries(unzipSync(bytes)).map(([name, content]) => toPart(name, content)),
  }),
  print: (root) =>
    zipSync(Object.fromEntries(children(root).map((part) => [part.label, print(part)])), {
      level: 1,
    }),
  values: (kind) => (kind === 'bytes' ? [{ kind, value: new Uint8Array(0) }] : json.values(kind)),
};

/** Python writes numbers that are not finite by their names. */
const NOT_FINITE = /(?<=[:[,]\s*-?)(Infinity|NaN)\b/g;

function toPart(label: string, content: Uint8Array): Part {
  const text = strFromU8(content);
  return text.startsWith('{')
    ? { ...json.parse(strToU8(text.replace(NOT_FINITE, '1e999'))), label }
    : { label, kind: 'bytes', value: content };
}

function print(part: Part): Uint8Array {
  return part.value instanceof Uint8Array ? part.value : json.print(part);
}
