// The kernels in which two files of the same network differ: node scripts/real-models/compare.mjs FILE FILE [DEVICE]
import { modelFileToGraph } from '@nnmeter/predictor';
import { DEVICES, loadPredictors } from './common.mjs';

const [first, second, only] = process.argv.slice(2);
const graphs = [await modelFileToGraph(first), await modelFileToGraph(second)];

function kernelsOf(report) {
  const counts = new Map();
  for (const { type, input, output, latencyMs } of report.kernels) {
    const key = `${type} ${input?.join('x')} -> ${output?.join('x')}`;
    const found = counts.get(key) ?? { count: 0, ms: 0 };
    counts.set(key, { count: found.count + 1, ms: found.ms + latencyMs });
  }
  return counts;
}

for (const [index, predictor] of (await loadPredictors()).entries()) {
  if (only !== undefined && DEVICES[index] !== only) continue;
  const [one, other] = graphs.map((graph) => predictor.predictGraph(graph));
  const share = 100 * (other.latencyMs / one.latencyMs - 1);
  console.log(
    `${DEVICES[index]}: ${one.latencyMs.toFixed(3)} and ${other.latencyMs.toFixed(3)} ms, ${share.toFixed(2)} %`,
  );
  const [ones, others] = [kernelsOf(one), kernelsOf(other)];
  for (const key of new Set([...ones.keys(), ...others.keys()])) {
    const [a, b] = [ones, others].map((counts) => counts.get(key) ?? { count: 0, ms: 0 });
    if (a.count === b.count && Math.abs(a.ms - b.ms) < 1e-3) continue;
    console.log(`  ${a.count} / ${b.count}  ${a.ms.toFixed(3)} / ${b.ms.toFixed(3)} ms  ${key}`);
  }
}
