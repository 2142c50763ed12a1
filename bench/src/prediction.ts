import { readOnnx } from '@nnmeter/frontend-onnx';
import type { Graph } from '@nnmeter/ir';
import { createPredictor } from '@nnmeter/predictor';
import { buildModel } from '@nnmeter/zoo';
import { chain, nasCell, randomChoices } from './candidates.ts';
import { cpu, oneOfEachKind } from './devices.ts';
import { medianMs, round } from './measure.ts';

type Row = Record<string, string | number>;

/**
 * Prediction from a loaded graph that no predictor has seen (edges, blocks, kernels and features are computed), on one
 * core. Kernel configurations are known from the warm-up, as in a search: `first` is a predictor that knows none.
 */
export function predictionFromGraphs(count: number): Row[] {
  const choose = randomChoices(1);
  const builders: Record<string, () => Graph> = {
    mobilenet_v2: () => buildModel('mobilenet_v2'),
    resnet50: () => buildModel('resnet50'),
    densenet121: () => buildModel('densenet121'),
    'NAS cell': () => nasCell(choose),
  };
  const rows: Row[] = [];
  for (const definition of oneOfEachKind) {
    for (const [model, build] of Object.entries(builders)) {
      const graphs = (): Graph[] => Array.from({ length: count }, build);
      const predictor = createPredictor(definition);
      for (const graph of graphs()) {
        predictor.totalMs(graph);
        predictor.predictGraph(graph);
      }
      const sample = build();
      const first = Array.from({ length: Math.min(count, 20) }, () => createPredictor(definition));
      const estimate = medianMs(graphs(), predictor.totalMs);
      rows.push({
        predictor: definition.name,
        model,
        nodes: sample.nodes.length,
        'totalMs, models/s': round(1000 / estimate),
        'predictGraph, models/s': round(1000 / medianMs(graphs(), predictor.predictGraph)),
        'totalMs first, ms': round(medianMs(first, (fresh) => fresh.totalMs(build()))),
        'of it building, ms': round(medianMs(graphs(), build)),
      });
    }
  }
  return rows;
}

/** Candidates put together from the described kernels of known blocks: no graph is built, no kernel detected. */
export function sharedKernels(count: number): Row[] {
  const rows: Row[] = [];
  for (const definition of oneOfEachKind) {
    const predictor = createPredictor(definition);
    const graph = buildModel('mobilenet_v2');
    const kernels = predictor.describeKernels(graph);
    const choose = randomChoices(2);
    const candidates = Array.from({ length: 1000 }, () =>
      kernels.map(() => kernels[choose(kernels.length)]!),
    );
    const rounds = Array.from({ length: count }, () => candidates);
    const perRound = medianMs(rounds, (all) => {
      for (const candidate of all) predictor.kernelsTotalMs(candidate);
    });
    rows.push({
      predictor: definition.name,
      'kernels a candidate': kernels.length,
      'kernelsTotalMs, candidates/s': round((1000 * candidates.length) / perRound),
    });
  }
  return rows;
}

/** From the bytes of a file to the total on the CPU. */
export function predictionFromOnnx(files: ReadonlyMap<string, Uint8Array>, count: number): Row[] {
  const predictor = createPredictor(cpu.definition);
  return [...files].map(([model, bytes]) => {
    const copies = Array.from({ length: count }, () => bytes);
    const run = (): number => medianMs(copies, (each) => predictor.totalMs(readOnnx(each)));
    run();
    return { model, bytes: bytes.length, 'models/s': round(1000 / run()) };
  });
}

/** Time by nodes, of graphs never seen. */
export function growth(counts: readonly number[]): Row[] {
  const predictor = createPredictor(cpu.definition);
  for (let round = 0; round < 50; round++) predictor.predictGraph(chain(1000));
  return counts.map((nodes) => {
    const graphs = Array.from({ length: nodes > 20_000 ? 3 : 9 }, () => chain(nodes));
    const milliseconds = medianMs(graphs, predictor.predictGraph);
    return {
      nodes,
      'predictGraph, ms': round(milliseconds),
      'us a node': round((1000 * milliseconds) / nodes),
    };
  });
}
