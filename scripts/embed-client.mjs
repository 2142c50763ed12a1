// Run in packages/report: bundles the script of the report page with all that it needs, and writes it with the page's styles
// and the hashes that the page's policy allows them by into src/generated/client.ts.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rolldown } from 'rolldown';
import { writeGenerated } from './devices.mjs';

const bundle = await rolldown({
  input: './src/views/client.tsx',
  platform: 'browser',
  transform: { target: 'es2022' },
});
const { output } = await bundle.generate({ format: 'iife', minify: true });
await bundle.close();
// Nothing in it may end the element that it is in.
const script = output[0].code.trim().replaceAll('</', '<\\/');
const styles = readFileSync('src/views/styles.css', 'utf8').replaceAll(/\s+/g, ' ').trim();
const hash = (text) => `sha256-${createHash('sha256').update(text).digest('base64')}`;
writeGenerated(
  'src/generated/client.ts',
  'src/views',
  Object.entries({
    CLIENT_SCRIPT: script,
    CLIENT_SCRIPT_HASH: hash(script),
    STYLES: styles,
    STYLES_HASH: hash(styles),
  })
    .map(([name, text]) => `export const ${name} = ${JSON.stringify(text)};\n`)
    .join(''),
);
