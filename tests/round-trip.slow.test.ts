import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from '@jest/globals';
import { useGraph } from '@nnmeter/fuzz';
import { modelFileToGraph } from '@nnmeter/predictor';
import { buildModel, modelNames } from '@nnmeter/zoo';
import { hasShared, sharedPath } from './support/shared.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');

/** Models that say the shapes of their inputs. */
function modelsIn(folder: string): [name: string, path: string][] {
  return readdirSync(folder)
    .filter((name) => /\.(onnx|pb|json)$|^saved_model$/.test(name))
    .filter(
      (name) =>
        !/\.shapes\.json$|^dynamic_|^unknown_dimensions|_noshape|-vectors\.json$/.test(name),
    )
    .map((name) => [name, join(folder, name)]);
}

describe('exported, and written as nn-Meter IR, and read again, a model has the latency it had to the last bit', () => {
  test.each(['onnx', 'tf', 'nn-meter-ir'].flatMap((folder) => modelsIn(join(FIXTURES, folder))))(
    '%s',
    async (_, path) => useGraph(await modelFileToGraph(path)),
  );

  test.each(modelNames())('%s of the zoo', (name) => useGraph(buildModel(name)));

  if (!hasShared) {
    test.skip('skipped: ../shared absent', () => {});
    return;
  }
  test.each(['models/onnx'].flatMap((folder) => modelsIn(sharedPath(folder))))(
    '%s',
    async (_, path) => useGraph(await modelFileToGraph(path)),
  );
});
