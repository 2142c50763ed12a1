import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Forest } from '@nnmeter/forest';
import type { FusionRules } from '@nnmeter/kernel-detect';
import { readSklearnForest } from '@nnmeter/sklearn-pickle';

/** A predictor in the layout of nn-Meter's releases, trained and pickled by scikit-learn. */
export const TINY = fileURLToPath(new URL('../../fixtures/tiny', import.meta.url));

export function readFixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), 'utf8'));
}

/** The forests of TINY by kernel. */
export function tinyForests(): Map<string, Forest> {
  const pickles = readdirSync(TINY).filter((name) => name.endsWith('.pkl'));
  return new Map(
    pickles.map((name) => [
      name.slice(0, -'.pkl'.length),
      readSklearnForest(readFileSync(`${TINY}/${name}`)).forest,
    ]),
  );
}

const FOLDERS = {
  cortexA76cpu_tflite21: 'cortexa76',
  adreno640gpu_tflite21: 'adreno640',
  myriadvpu_openvino2019r2: 'myriadvpu',
};

/** The published rules of a device. */
export function officialRules(device: string): Readonly<Record<string, boolean>> {
  const folder = FOLDERS[device as keyof typeof FOLDERS];
  const url = new URL(`../../../../predictors/${folder}/rules.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as FusionRules).official!;
}
