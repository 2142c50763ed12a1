// A device of our own as a benchmark program: node benchmark.js MODEL RUNS [MODE]
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readOnnx } from '@nnmeter/frontend-onnx';
import { macsOfNodes } from '@nnmeter/ir';

const [model, runs, mode] = process.argv.slice(2);
const graph = readOnnx(readFileSync(model));
const macs = macsOfNodes(graph).reduce((sum, each) => sum + (each || 0), 0);
const ms = 0.05 + 0.002 * graph.nodes.length + macs / 4e8;
if (mode === 'offline') {
  console.error('error: device offline');
  process.exit(1);
}
await sleep(runs * ms);
console.log(mode === 'nonsense' ? 'all is well' : `best: ${ms} ms`);
