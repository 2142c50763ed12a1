// Compares what networks cost as .pt2 and as ONNX, on every device, over a corpus of export-torch-networks.py:
//
//     node scripts/compare-torch-routes.mjs CORPUS            a row a network and route that differ by more than 1 %, and the counts
//     node scripts/compare-torch-routes.mjs CORPUS NAME       the kernels in which one network's routes differ
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { frontend as onnx } from '@nnmeter/frontend-onnx';
import { frontend as pt2 } from '@nnmeter/frontend-torch';
import { openModel, readModel } from '@nnmeter/model-source';
import { loadLatencyPredictor } from '@nnmeter/predictor';

const DEVICES = ['cortexA76', 'adreno640', 'adreno630', 'myriadvpu'];
const ROUTES = ['pt2', 'core.pt2', 'dynamo.onnx', 'legacy.onnx'];
const REFERENCES = ROUTES.slice(2);

const [corpus, only] = process.argv.slice(2);
const predictors = await Promise.all(DEVICES.map((device) => loadLatencyPredictor(device)));
const names = [
  ...new Set(readdirSync(corpus).flatMap((file) => file.match(/^(.*?)\.(core\.)?pt2$/)?.[1] ?? [])),
].sort();

async function readRoute(name, route) {
  const path = join(corpus, `${name}.${route}`);
  if (!existsSync(path)) return undefined;
  const graph = await readModel(await openModel(path), route.endsWith('pt2') ? pt2 : onnx);
  return { graph, reports: predictors.map((predictor) => predictor.predictGraph(graph)) };
}

function kernelCounts(kernels) {
  const counts = new Map();
  for (const { type, input, output, latencyMs } of kernels) {
    const key = `${type} ${input?.join('x')} -> ${output?.join('x')}`;
    const found = counts.get(key) ?? { count: 0, ms: 0 };
    counts.set(key, { count: found.count + 1, ms: found.ms + latencyMs });
  }
  return counts;
}

function showKernels(name, found, device) {
  const [first, ...others] = Object.entries(found).filter(([, route]) => route);
  for (const [route, { reports }] of others) {
    const [a, b] = [first[1].reports[device], reports[device]].map(({ kernels }) =>
      kernelCounts(kernels),
    );
    console.log(`${name}: ${first[0]} against ${route} on ${DEVICES[device]}`);
    for (const key of new Set([...a.keys(), ...b.keys()])) {
      const [own, other] = [a.get(key), b.get(key)].map((each) => each ?? { count: 0, ms: 0 });
      if (own.count === other.count && Math.abs(own.ms - other.ms) < 1e-3) continue;
      console.log(
        `  ${own.count} / ${other.count}  ${own.ms.toFixed(3)} / ${other.ms.toFixed(3)} ms  ${key}`,
      );
    }
  }
}

let compared = 0;
const agreeing = new Map();
for (const name of only === undefined ? names : [only]) {
  const found = {};
  for (const route of ROUTES) {
    try {
      found[route] = await readRoute(name, route);
    } catch (error) {
      console.log(`${name} ${route}: ${error.message}`);
    }
  }
  if (only !== undefined) showKernels(name, found, Number(process.argv[4] ?? 0));
  compared++;
  for (const route of ROUTES.slice(0, 2)) {
    const own = found[route];
    if (own === undefined) continue;
    for (const reference of REFERENCES) {
      const other = found[reference];
      if (other === undefined) continue;
      const ratios = own.reports.map(({ latencyMs }, i) => latencyMs / other.reports[i].latencyMs);
      const worst = Math.max(...ratios.map((ratio) => Math.abs(ratio - 1)));
      const key = `${route} / ${reference}`;
      const count = agreeing.get(key) ?? { within: 0, of: 0 };
      agreeing.set(key, { within: count.within + (worst <= 0.01 ? 1 : 0), of: count.of + 1 });
      if (worst <= 0.01) continue;
      const shown = ratios.map((ratio) => `${(100 * (ratio - 1)).toFixed(1)}%`.padStart(7));
      const custom = own.graph.nodes.filter(({ op }) => op === 'custom');
      const unknown = [...new Set(custom.map(({ sourceOp }) => sourceOp))].join(' ');
      console.log(`${name.padEnd(45)} ${key.padEnd(22)} ${shown.join(' ')}  ${unknown}`);
    }
  }
}
console.log(`${compared} networks; within 1 % on all of ${DEVICES.join(', ')}:`);
for (const [key, { within, of }] of agreeing) console.log(`  ${key}: ${within} of ${of}`);
