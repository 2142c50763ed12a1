// Writes src/generated/onnx.ts, the decoder of proto/onnx.proto.
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
  ...['--target', 'static-module', '--wrap', 'esm', '--root', 'nnmeter-onnx'],
  ...['--dependency', 'protobufjs/minimal.js', '--null-defaults', '--force-number'],
  ...without.map((part) => `--no-${part}`),
  fileURLToPath(new URL('proto/onnx.proto', folder)),
]);
const typed = code.replace(
  'export const onnx =',
  'export const onnx: { readonly ModelProto: { decode(reader: LazyReader): ModelProto } } =',
);
mkdirSync(new URL('src/generated/', folder), { recursive: true });
writeFileSync(
  new URL('src/generated/onnx.ts', folder),
  `// @ts-nocheck\nimport type { ModelProto } from '../model.ts';\nimport type { LazyReader } from '@nnmeter/protobuf';\n${typed}`,
);
