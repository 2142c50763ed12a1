// A device of our own as a benchmark program: node benchmark.js MODEL RUNS [MODE]
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readOnnx } from '@nnmeter/frontend-onnx';
import { detectKernels } from '@nnmeter/kernel-detect';
import { bytesMoved, describeKernel, macsOf } from '@nnmeter/latency-model';

const [model, runs, mode] = process.argv.slice(2);
if (mode === 'offline') {
  console.error('error: device offline');
  process.exit(1);
}
const graph = readOnnx(readFileSync(model));
const kernels = detectKernels(graph, { fuse: { BF_conv_relu: true, BF_dwconv_relu: true } });
let ms = 0.05;
for (const kernel of kernels) {
  const description = describeKernel(kernel, graph);
  ms += 0.002 + macsOf(description) / 1e8 + bytesMoved(description, 4) / 4e7;
}
await sleep(runs * ms);
console.log(mode === 'nonsense' ? 'all is well' : `best: ${ms} ms`);
