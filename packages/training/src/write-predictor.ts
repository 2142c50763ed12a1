import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeWeights, type LatencyModelWeights } from '@nnmeter/latency-model';
import type { TrainingManifest } from '@nnmeter/predictor';

/** Writes `weights.bin` and `manifest.json` of a plugin; each file appears complete or not at all. */
export async function writePredictor(
  folder: string,
  weights: LatencyModelWeights,
  manifest: TrainingManifest,
): Promise<number> {
  const bytes = encodeWeights(weights);
  await writeAtomically(join(folder, 'weights.bin'), bytes);
  await writeAtomically(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return bytes.length;
}

/** Replaces a file only once its new content is complete. */
export async function writeAtomically(path: string, content: Uint8Array | string): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  await writeFile(draft, content);
  await rename(draft, path);
}
