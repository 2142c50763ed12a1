import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { againstOriginal } from './original.ts';
import { growth, predictionFromGraphs, predictionFromOnnx, sharedKernels } from './prediction.ts';
import { pythonMissing } from './python.ts';
import { readingByFormat } from './reading.ts';
import { coldStart, loading } from './start.ts';

// npm run bench [-- --smoke] [--original]: prints tables; judges nothing.

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

if (!process.argv.includes('--original')) await ownFigures();
const missing = pythonMissing();
if (missing !== undefined) console.log(`\nThe original: skipped, ${missing}`);
else {
  const { note, loading, prediction } = await againstOriginal(
    smoke ? { share: 0.01, rounds: 1, graphs: 5 } : { share: 1, rounds: 5, graphs: 100 },
  );
  print(`The original: ${note}\nLoading a predictor, elapsed time`, loading);
  print('Prediction, processor time', prediction);
}
console.log(`load ${loadavg()[0]!.toFixed(1)} after`);

async function ownFigures(): Promise<void> {
  print('Prediction from a loaded graph', predictionFromGraphs(smoke ? 5 : 300));
  print('Candidates that share kernels', sharedKernels(smoke ? 2 : 50));
  const files = new Map(
    ['mobilenet_v2', 'resnet18', 'tiny_swin'].map((model) => [
      model,
      new Uint8Array(readFileSync(`${fixtures}${model}.onnx`)),
    ]),
  );
  print('From ONNX bytes', predictionFromOnnx(files, smoke ? 5 : 200));
  print('Reading one network, processor time', await readingByFormat(smoke ? 2 : 60));
  print('Growth', growth(smoke ? [1000] : [1000, 10_000, 100_000]));
  print('Loading a predictor', loading(smoke ? 1 : 7));
  print('Cold start', coldStart(smoke ? 1 : 9));
  if (process.platform === 'linux') {
    const { batchesOfFiles } = await import('./batch.ts');
    print('Batches of files', batchesOfFiles(smoke ? [20] : [80, 800, 3200], smoke ? 1 : 2));
  }
}
