import { join } from 'node:path';
import { writeWhole } from '@nnmeter/files';
import { encodeWeights, type LatencyModelWeights } from '@nnmeter/latency-model';
import type { TrainingManifest } from '@nnmeter/predictor';

/** Writes `weights.bin` and `manifest.json` of a plugin; each file appears complete or not at all. */
export async function writePredictor(
  folder: string,
  weights: LatencyModelWeights,
  manifest: TrainingManifest,
): Promise<number> {
  const bytes = encodeWeights(weights);
  await writeWhole(join(folder, 'weights.bin'), bytes);
  await writeWhole(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return bytes.length;
}
