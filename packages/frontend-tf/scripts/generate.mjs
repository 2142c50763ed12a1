// Writes src/generated/tensorflow.ts, the decoder of proto/tensorflow.proto.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pbjs from 'protobufjs-cli/pbjs.js';

const folder = new URL('../', import.meta.url);
const without = [
  'create',
  'encode',
  'verify',
  'convert',
  'delimited',
  'typeurl',
  'service',
  'comments',
];
const code = await promisify(pbjs.main)([
  ...['--target', 'static-module', '--wrap', 'esm', '--root', 'nnmeter-tensorflow'],
  ...['--dependency', 'protobufjs/minimal.js', '--null-defaults', '--force-number'],
  ...without.map((part) => `--no-${part}`),
  fileURLToPath(new URL('proto/tensorflow.proto', folder)),
]);
const typed = code.replace(
  'export const tensorflow =',
  'export const tensorflow: { readonly GraphDef: Decoder<GraphDef>; readonly SavedModel: Decoder<SavedModel> } =',
);
mkdirSync(new URL('src/generated/', folder), { recursive: true });
writeFileSync(
  new URL('src/generated/tensorflow.ts', folder),
  `// @ts-nocheck\nimport type { Decoder, GraphDef, SavedModel } from '../wire-types.ts';\n${typed}`,
);
