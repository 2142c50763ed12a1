// Run in a frontend package: `generate-decoder.mjs NAME TYPES MESSAGE...` compiles proto/NAME.proto to
// src/generated/NAME.ts, which exports decoders of the messages, typed by the module TYPES.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const [name, types, ...messages] = process.argv.slice(2);
const pbjs = createRequire(resolve('package.json'))('protobufjs-cli/pbjs.js');

const without = 'create encode verify convert delimited typeurl service comments'.split(' ');
const code = await promisify(pbjs.main)([
  ...['--target', 'static-module', '--wrap', 'esm', '--root', `nnmeter-${name}`],
  ...['--dependency', 'protobufjs/minimal.js', '--null-defaults', '--force-number'],
  ...without.map((part) => `--no-${part}`),
  `proto/${name}.proto`,
]);
const decoders = messages.map(
  (message) => `readonly ${message}: { decode(reader: LazyReader): ${message} }`,
);
const head = [
  `// Generated from proto/${name}.proto by scripts/generate-decoder.mjs: do not edit.`,
  '// @ts-nocheck',
  "import type { LazyReader } from '@nnmeter/model-source';",
  `import type { ${messages.join(', ')} } from '${types}';`,
];
const typed = code.replace(
  `export const ${name} =`,
  `export const ${name}: { ${decoders.join('; ')} } =`,
);
mkdirSync('src/generated', { recursive: true });
writeFileSync(`src/generated/${name}.ts`, `${head.join('\n')}\n${typed}`);
