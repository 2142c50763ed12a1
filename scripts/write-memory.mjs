// Compares what we say of memory with what runtimes plan and profile, as scripts/measure-memory.py wrote it down, and
// writes the tables of docs/memory.md. After a build:
//   node scripts/write-memory.mjs FOLDER
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tensorBytes } from '@nnmeter/ir';
import { detectKernels } from '@nnmeter/kernel-detect';
import { measureSize, modelFileToGraph } from '@nnmeter/predictor';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import { json } from './devices.mjs';

const DOCUMENT = new URL('../docs/memory.md', import.meta.url);
/** The most that the shape operands of one node take: eight int64. */
const SHAPE_BYTES = 64;

const [folder] = process.argv.slice(2);
if (folder === undefined)
  throw new Error('name the folder that scripts/measure-memory.py wrote to');
const tflite = [
  '| network | LiteRT, bytes | ours, nothing in place | ours, in place | LiteRT with scratch |',
  '| --- | --: | --: | --: | --: |',
];
const onnx = [
  '| network | block of ONNX Runtime | ours, in place | nodes of the profiler | of which equal |',
  '| --- | --: | --: | --: | --: |',
];
for (const [name, measured] of Object.entries(json(join(folder, 'memory.json')))) {
  const path = join(folder, name);
  const phone = await modelFileToGraph(`${path}.tflite`);
  const kernels = detectKernels(phone, cortexA76.fusionRules);
  const [kept, inPlace] = [false, true].map(
    (writesInPlace) => measureSize(phone, kernels, writesInPlace).size.activationBytes,
  );
  const { tflite: arena, tfliteWithScratch: scratch } = measured;
  const besideArena = [kept, inPlace].map((ours) => beside(ours, arena));
  tflite.push(`| ${[name, arena, ...besideArena, scratch].join(' | ')} |`);

  const graph = await modelFileToGraph(`${path}.optimised.onnx`);
  const alone = measureSize(
    graph,
    graph.nodes.map((node) => ({ nodes: [node] })),
    true,
  );
  const fed = graph.inputs.reduce((sum, input) => sum + tensorBytes(graph.tensor(input)), 0);
  const { block, bytesOfNodes } = measured.onnxruntime;
  const told = graph.nodes.flatMap(({ name: node, sourceOp }, index) =>
    Object.hasOwn(bytesOfNodes, node)
      ? [isSame(bytesOfNodes[node], sourceOp, alone.kernels[index])]
      : [],
  );
  const ours = beside(alone.size.activationBytes - fed, block);
  onnx.push(`| ${[name, block, ours, told.length, told.filter(Boolean).length].join(' | ')} |`);
}
const page = readFileSync(DOCUMENT, 'utf8');
writeFileSync(DOCUMENT, fill(fill(page, 'tflite', tflite), 'onnx', onnx));

/** The profiler counts shape operands, and not the weights that ONNX Runtime has packed. */
function isSame(told, sourceOp, { elementsMoved, weightBytes }) {
  const more = told - 4 * elementsMoved;
  return more <= SHAPE_BYTES && more >= (sourceOp === 'Gemm' ? -weightBytes : 0);
}

function beside(ours, theirs) {
  const difference = (100 * (ours - theirs)) / theirs;
  return `${ours} (${difference < 0 ? '' : '+'}${difference.toFixed(1)} %)`;
}

function fill(page, name, lines) {
  const block = new RegExp(`(<!-- ${name} -->\n\n)[^]*?(\n\n<!-- /${name} -->)`);
  if (!block.test(page)) throw new Error(`docs/memory.md has no place for the table ${name}`);
  return page.replace(block, (_, start, end) => start + lines.join('\n') + end);
}
