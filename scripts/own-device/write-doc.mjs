// Writes docs/own-device.md from what recorded.mjs and families.mjs printed and from the manifests of predictors that
// `nn-meter build` made (a folder each).
//
//     node scripts/own-device/write-doc.mjs recorded.json families.json [BUILT_FOLDER...]
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = join(import.meta.dirname, '../../docs/own-device.md');
const [recordedFile, familiesFile, ...builtFolders] = process.argv.slice(2);
const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const recorded = read(recordedFile);
const families = read(familiesFile);
const built = builtFolders
  .filter((folder) => existsSync(join(folder, 'manifest.json')))
  .map((folder) => read(join(folder, 'manifest.json')));

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

function familyRow(device, count) {
  const own = Object.entries(families[device]).filter(([family]) => family !== 'nasbench201');
  const [worst, worstFamily] = own
    .map(([family, result]) => [result[count].mean, family])
    .reduce((a, b) => (a[0] <= b[0] ? a : b));
  const small = families[device].nasbench201;
  return [
    device,
    count,
    percent(median(own.map(([, result]) => result[count].mean))),
    `${percent(worst)} (${worstFamily})`,
    percent(Math.min(...own.map(([, result]) => result[count].worst))),
    `${percent(small.before)} → ${percent(small[count].mean)}`,
  ];
}

const recordedRows = recorded.results.map(({ name, count, draws, heldOut, torchvision }) => [
  name,
  count,
  draws,
  percent(heldOut.within10),
  percent(heldOut.rmspe),
  `${percent(torchvision.within10)}, ${percent(torchvision.rmspe)}`,
]);

/** Of browsers also which, and how coarse its clock is unless it is a fine one. */
function nameOf({ runner, facts: { browser, clockStepMs } }) {
  const clock = clockStepMs > 0.01 ? `${1000 * clockStepMs} us` : undefined;
  return [runner, browser, clock].filter(Boolean).join(', ');
}

const builtRows = built.map(({ build, heldOut, date }) => [
  nameOf(build),
  `${build.networks} + ${build.kernels}`,
  `${Math.round(build.measuringSeconds)} s`,
  `${percent(heldOut.within10)} of ${heldOut.count}`,
  percent(heldOut.rmspe),
  build.repeatCeiling === null ? '–' : `${percent(build.repeatCeiling)} of ${build.repeats}`,
  build.nearest === null
    ? '–'
    : `${percent(build.nearest.heldOut.within10)} (${build.nearest.name})`,
  build.load?.toFixed(1) ?? '–',
  date.slice(0, 10),
]);

const { models, within10 } = recorded.ceiling;
writeFileSync(
  PAGE,
  `# A predictor of your own device: what it is worth

\`nn-meter build\` measures networks on a device, starts from the nearest device that is known, and learns what is different
([how](architecture.md#adaptation-another-device-another-family-a-handful-of-measurements)). All figures are shares within
10 % of the measurement and root mean square relative errors, on networks that were not learned from. Written by
\`scripts/own-device/write-doc.mjs\` from what \`recorded.mjs\` and \`families.mjs\` beside it print.

## Recorded measurements of a server

One thread of a shared two-core server, ${models} networks of our zoo's families and 40 of torchvision (\`../shared/own-device\`), from
the Cortex-A76. Measured twice, ${percent(within10)} of the networks are within 10 % of themselves. A quarter of the networks, by a hash of the
id, is held out; the settings of the method were chosen on another quarter, which overlaps by chance, so that this is no blind
test; how free the method is with layers was chosen on builds and on these. torchvision's networks are of other sizes than all that
was learned from, and 12 of the 40 (RegNet, ResNeXt, ConvNeXt) consist of what none of the others has. Latencies of ONNX Runtime are
the least CPU time of two passes, unless a row says something else.

${table(['learned from', 'networks', 'draws', 'within 10 %', 'RMSPE', 'torchvision: within 10 %, RMSPE'], recordedRows)}

OpenVINO was measured once, under load, by wall time, which is all that its program tells: the last row says what that does to
another runtime. Its plugin computes in bfloat16 on that processor unless it is told otherwise; what the runtime did for each network
is not recorded.

## A handful of measurements of a known device

Each family of the benchmark, predicted by weights that were trained without it and adapted to ten or thirty of its networks;
mean of five draws. Strengths of the method were chosen on the VPU and the Adreno 640; the other two chose nothing.
The last column: networks of NAS-Bench-201 (32 x 32), before and after, by weights of the benchmark alone; those that are
shipped know these networks.

${table(
  ['device', 'networks', 'median family', 'worst family', 'worst draw of any', 'NAS-Bench-201'],
  Object.keys(families).flatMap((device) => [familyRow(device, 10), familyRow(device, 30)]),
)}

## Built here
${
  builtRows.length === 0
    ? '\nNothing yet.'
    : `
\`nn-meter build --name NAME --runner RUNNER\` with its default budget on two shared cores. The ceiling: networks measured twice
within 10 % of themselves. Some were trained again later, from what was measured then (\`--resume\`). "nearest": the nearest known device, calibrated with the same measurements.
Browsers measure themselves on the page of \`@nnmeter/web\` (\`scripts/own-device/chromium.mjs\`, headless), and do not know the load. Its headers
let clocks move in steps of 5 us; without them steps are 100 us. The three of onnxruntime
read 61.2, 66.2 and 70.7 % when they were built; that windows larger than the image have weights which are never read was learned from
their worst networks. The first of OpenVINO, under load, took two seconds more for the layers of each network; litert-benchmark tells none.

${table(['runner', 'networks + layers', 'measuring', 'held out, within 10 %', 'RMSPE', 'ceiling', 'nearest', 'load', 'date'], builtRows)}`
}
`,
);
