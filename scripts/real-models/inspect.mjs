// Says what nn-meter makes of model files, a JSON line each: node scripts/real-models/inspect.mjs FILE...
import { macsOfNodes, opRow } from '@nnmeter/ir';
import { createPredictor, modelFileToGraph } from '@nnmeter/predictor';
import { cortexA76 } from '@nnmeter/predictor-cortexa76';

const predictor = createPredictor(cortexA76);

for (const file of process.argv.slice(2)) {
  let line;
  try {
    const graph = await modelFileToGraph(file);
    const report = predictor.predictGraph(graph);
    const macs = macsOfNodes(graph);
    const isWork = graph.nodes.map(({ op }) => !opRow(op).free);
    const shapeless = graph.nodes.filter(
      ({ outputs }, index) =>
        isWork[index] &&
        outputs.some((name) => name !== '' && graph.tensor(name).shape === undefined),
    );
    line = {
      nodes: graph.nodes.length,
      shapeless: shapeless.length,
      macs: macs.reduce((sum, each) => sum + (Number.isNaN(each) ? 0 : each), 0),
      ms: report.latencyMs,
      coverage: report.coverage.macs,
      complete: report.complete,
      uncounted: report.uncounted,
      custom: [
        ...new Set(graph.nodes.filter(({ op }) => op === 'custom').map(({ sourceOp }) => sourceOp)),
      ],
      assumed: graph.warnings.filter((warning) => warning.startsWith('sizes that depend on data')),
    };
  } catch (error) {
    line = { error: `${error.code ?? error.name}: ${error.message}`.slice(0, 300) };
  }
  console.log(JSON.stringify(line));
}
