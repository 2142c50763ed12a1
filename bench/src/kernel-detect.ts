import { detectKernels } from '@nnmeter/kernel-detect';
import { buildDatasetModel } from '@nnmeter/zoo';
import { Bench } from 'tinybench';
import { cpu } from './devices.ts';

// Kernel detection of mobilenet_v2 (benchmark form, 155 nodes) with the CPU's rules:
// on graphs never seen, and on one graph again and again, whose edges and blocks are known from the first time.
const FRESH = 2000;
const graphs = Array.from({ length: FRESH * 2 }, () => buildDatasetModel('mobilenetv2'));
let next = 0;

const bench = new Bench({ time: 0, iterations: FRESH, warmupTime: 0, warmupIterations: FRESH });
bench
  .add('fresh graph', () => {
    detectKernels(graphs[next++ % graphs.length]!, cpu.definition.fusionRules);
  })
  .add('known graph', () => {
    detectKernels(graphs[0]!, cpu.definition.fusionRules);
  });
await bench.run();
console.table(bench.table());
