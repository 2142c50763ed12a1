import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { detectKernels } from '@nnmeter/kernel-detect';
import { createPredictor } from '@nnmeter/predictor';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import { buildModel } from '@nnmeter/zoo';
import { medianMs, round } from './measure.ts';

type Row = Record<string, string | number>;
type Times = Record<string, Record<string, { each: number; grouped: number }>>;

const MODELS = ['resnet18', 'mobilenet_v2', 'densenet121'];
/** Smallest and greatest forest of the original. */
const TREES = [100, 650];

/**
 * The original's prediction step (features of each kernel through a scikit-learn forest of its type) next to the whole of
 * ours: detection, features and model of graphs never seen. The original's own converter and detection come on top.
 * Undefined where `python` (env PYTHON, default python3) has no scikit-learn.
 */
export function againstOriginal(count: number, rows: number): Row[] | undefined {
  const python = process.env.PYTHON ?? 'python3';
  if (spawnSync(python, ['-c', 'import sklearn'], { stdio: 'ignore' }).status !== 0)
    return undefined;
  const models = Object.fromEntries(MODELS.map((model) => [model, kernelFeatures(model)]));
  const script = fileURLToPath(new URL('../src/original.py', import.meta.url));
  const input = JSON.stringify({ rows, trees: TREES, models });
  const predictor = createPredictor(cortexA76);
  const ours = (model: string): number => {
    const graphs = (): ReturnType<typeof buildModel>[] =>
      Array.from({ length: count }, () => buildModel(model));
    medianMs(graphs(), predictor.estimateTotal);
    return medianMs(graphs(), predictor.estimateTotal);
  };
  const times = JSON.parse(execFileSync(python, [script], { input, encoding: 'utf8' })) as Times;
  return MODELS.flatMap((model) => {
    const milliseconds = ours(model);
    return TREES.map((trees) => {
      const { each, grouped } = times[model]![trees]!;
      return {
        model,
        trees,
        'forests, a call a kernel, ms': round(each),
        'forests, a call a type, ms': round(grouped),
        'ours, ms': round(milliseconds),
        'ratio to the faster': round(Math.min(each, grouped) / milliseconds),
      };
    });
  });
}

/** Type, then input side, channels, output channels, and the window and stride of convolutions. */
function kernelFeatures(model: string): (string | number)[][] {
  const graph = buildModel(model);
  return detectKernels(graph, cortexA76.fusionRules).map(({ type, root, inputs, outputs }) => {
    const shape = inputs[0]?.shape ?? [];
    const features = [shape[2] ?? 1, shape[1] ?? 1, outputs[0]?.shape?.[1] ?? 1];
    const isConv = root.op === 'conv' || root.op === 'dwconv';
    const window = isConv ? [root.attributes.kernelShape[0]!, root.attributes.strides[0]!] : [];
    return [type, ...features, ...window];
  });
}
