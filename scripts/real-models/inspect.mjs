// Says what nn-meter makes of a corpus of make.py, a JSON line each: node scripts/real-models/inspect.mjs CORPUS [NAME...] > RESULTS.jsonl
// Networks of torchvision are predicted by name too, and each network's reference once more as nn-Meter IR and as ONNX written from it.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { graphToOnnx } from '@nnmeter/export-onnx';
import { readNnMeterIr, writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { readOnnx } from '@nnmeter/frontend-onnx';
import { macsOfNodes, opRow } from '@nnmeter/ir';
import { modelFileToGraph } from '@nnmeter/predictor';
import { buildModel, modelNames } from '@nnmeter/zoo';
import { DEVICES, groupBy, loadPredictors, readLines, referenceOf } from './common.mjs';

const [corpus, ...names] = process.argv.slice(2);
const predictors = await loadPredictors();

function latencies(graph) {
  return Object.fromEntries(
    DEVICES.map((device, index) => [device, predictors[index].predictGraph(graph).latencyMs]),
  );
}

function inspect(graph) {
  const report = predictors[0].predictGraph(graph);
  const shapeless = graph.nodes.filter(
    ({ op, outputs }) =>
      !opRow(op).free &&
      outputs.some((name) => name !== '' && graph.tensor(name).shape === undefined),
  );
  return {
    nodes: graph.nodes.length,
    shapeless: shapeless.length,
    macs: macsOfNodes(graph).reduce((sum, each) => sum + (Number.isNaN(each) ? 0 : each), 0),
    ms: latencies(graph),
    coverage: report.coverage.macs,
    complete: report.complete,
    uncounted: report.uncounted,
    custom: [
      ...new Set(graph.nodes.filter(({ op }) => op === 'custom').map(({ sourceOp }) => sourceOp)),
    ],
    assumed: graph.warnings.filter((warning) => warning.startsWith('sizes that depend on data')),
  };
}

async function print(row, toGraph) {
  let result;
  let graph;
  try {
    graph = await toGraph();
    result = inspect(graph);
  } catch (error) {
    result = { error: `${error.code ?? error.name}: ${error.message}`.slice(0, 300) };
  }
  console.log(JSON.stringify({ ...row, ...result }));
  return graph;
}

const manifest = readdirSync(corpus)
  .filter((file) => file.endsWith('.manifest.jsonl'))
  .flatMap((file) => readLines(join(corpus, file)))
  .filter(({ model }) => names.length === 0 || names.includes(model));
const models = groupBy(manifest, ({ model }) => model);

for (const [model, rows] of models) {
  const made = rows.filter(({ file }) => file !== undefined);
  for (const row of rows) if (row.file === undefined) console.log(JSON.stringify(row));
  const reference = referenceOf(rows, ({ file }) => file !== undefined);
  for (const row of made) {
    const graph = await print(row, () => modelFileToGraph(join(corpus, row.file)));
    if (row !== reference || graph === undefined) continue;
    const { category, expected } = row;
    await print({ category, model, expected, route: 'nn-Meter IR' }, () =>
      readNnMeterIr(JSON.stringify(writeNnMeterIr(graph))),
    );
    await print({ category, model, expected, route: 'exported ONNX' }, () =>
      readOnnx(graphToOnnx(graph, { weights: 'zero' })),
    );
    const name = model.replace('torchvision ', '');
    if (model.startsWith('torchvision ') && modelNames().includes(name))
      await print({ category, model, expected, route: 'name' }, () =>
        buildModel(name, { inputShape: graph.tensor(graph.inputs[0]).shape }),
      );
  }
}
