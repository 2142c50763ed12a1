// Run in a predictor package: turns weights.bin and manifest.json into src/generated/weights.ts, so that the plugin
// needs no file access at run time.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const weights = existsSync('weights.bin') ? readFileSync('weights.bin').toString('base64') : '';
const manifest = existsSync('manifest.json') ? readFileSync('manifest.json', 'utf8') : '{}';
mkdirSync('src/generated', { recursive: true });
writeFileSync(
  'src/generated/weights.ts',
  `export const weights = '${weights}';\nexport const manifest = ${manifest.trim()} as const;\n`,
);
