import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { againstOriginal } from './original.ts';
import { growth, predictionFromGraphs, predictionFromOnnx, sharedKernels } from './prediction.ts';
import { coldStart, loading } from './start.ts';

// npm run bench [-- --smoke]: prints tables; judges nothing.

const smoke = process.argv.includes('--smoke');
const fixtures = fileURLToPath(new URL('../../fixtures/onnx/', import.meta.url));

function print(title: string, rows: readonly object[]): void {
  console.log(`\n${title}`);
  console.table(rows);
}

const [processor] = cpus();
const load = loadavg()[0]!.toFixed(1);
console.log(
  `${processor?.model}, ${cpus().length} processors, Node ${process.version}, load ${load} before`,
);

print('Prediction from a loaded graph', predictionFromGraphs(smoke ? 5 : 300));
print('Candidates that share kernels', sharedKernels(smoke ? 2 : 50));
const files = new Map(
  ['mobilenet_v2', 'resnet18', 'tiny_swin'].map((model) => [
    model,
    new Uint8Array(readFileSync(`${fixtures}${model}.onnx`)),
  ]),
);
print('From ONNX bytes', predictionFromOnnx(files, smoke ? 5 : 200));
print('Growth', growth(smoke ? [1000] : [1000, 10_000, 100_000]));
print('Loading a predictor', loading(smoke ? 1 : 7));
print('Cold start', coldStart(smoke ? 1 : 9));
if (process.platform === 'linux') {
  const { batchOfFiles } = await import('./batch.ts');
  print('Batch of files', batchOfFiles(smoke ? 20 : 2000, smoke ? 1 : 3));
}
const original = againstOriginal(smoke ? 5 : 300, smoke ? 50 : 2000);
if (original === undefined) console.log('\nThe original: skipped, python3 has no scikit-learn');
else print('The original', original);
console.log(`load ${loadavg()[0]!.toFixed(1)} after`);
