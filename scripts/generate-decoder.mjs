// Run in a frontend package: `generate-decoder.mjs NAME TYPES MESSAGE...` compiles proto/NAME.proto to
// src/generated/NAME.ts, which exports decoders of the messages, typed by the module TYPES, and the fields of each.
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
  (message) =>
    `readonly ${message}: { decode(reader: LazyReader, length?: number, end?: undefined, depth?: number): ${message} }`,
);
const { nested } = JSON.parse(
  await promisify(pbjs.main)(['--target', 'json', `proto/${name}.proto`]),
);
const head = [
  `// Generated from proto/${name}.proto by scripts/generate-decoder.mjs: do not edit.`,
  '// @ts-nocheck',
  "import type { LazyReader, MessageFields } from '@nnmeter/model-source/protobuf';",
  `import type { ${messages.join(', ')} } from '${types}';`,
];
const typed = code.replace(
  `export const ${name} =`,
  `export const ${name}: { ${decoders.join('; ')} } =`,
);
mkdirSync('src/generated', { recursive: true });
writeFileSync(
  `src/generated/${name}.ts`,
  `${head.join('\n')}\n${typed}\n${fieldsOf(nested[name].nested)}`,
);

/** Code of `fields`: what each message holds, with payloads left out. */
function fieldsOf(types) {
  const lines = ['const types = {};'];
  const known = new Map();
  const collect = (inner, prefix) => {
    for (const [type, { fields, nested }] of Object.entries(inner)) {
      known.set(prefix + type, fields ?? {});
      collect(nested ?? {}, `${prefix}${type}.`);
    }
  };
  collect(types, '');
  for (const type of known.keys()) lines.push(`types['${type}'] = {};`);
  for (const [type, fields] of known) {
    for (const { id, type: of, rule } of Object.values(fields)) {
      const message = [`${type}.${of}`, of].find((each) => known.has(each));
      if (message !== undefined) lines.push(`types['${type}'][${id}] = types['${message}'];`);
      else if (of === 'string' || (rule === 'repeated' && of !== 'bytes'))
        lines.push(`types['${type}'][${id}] = 'value';`);
    }
  }
  const typed = messages.map((message) => `readonly ${message}: MessageFields`).join('; ');
  return `${lines.join('\n')}\nexport const fields: { ${typed} } = types;\n`;
}
