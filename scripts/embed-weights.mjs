// Run in a predictor package: turns weights.bin, manifest.json and rules.json into src/generated/data.ts, so that the
// plugin needs no file access at run time.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const json = (path) => JSON.stringify(JSON.parse(readFileSync(path, 'utf8')), null, 2);

const source = `import type { PredictorDefinition } from '@nnmeter/predictor';

export const weights: string = '${readFileSync('weights.bin').toString('base64')}';

export const manifest: PredictorDefinition['manifest'] = ${json('manifest.json')};

export const fusionRules: PredictorDefinition['fusionRules'] = ${json('rules.json')};
`;
const target = 'src/generated/data.ts';
mkdirSync('src/generated', { recursive: true });
if (!existsSync(target) || readFileSync(target, 'utf8') !== source) writeFileSync(target, source);
