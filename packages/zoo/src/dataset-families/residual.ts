import type { ShapedTensor } from '@nnmeter/ir';
import type { FamilyNetwork } from './configuration.ts';
import type { TfBuilder } from './tf-builder.ts';

function repeated(values: readonly number[], counts: readonly number[]): number[] {
  return values.flatMap((value, index) => new Array<number>(counts[index]!).fill(value));
}

/** Blocks per stage; only the first block of a stage takes its width from the configuration. */
function basicResnet(name: string, layers: readonly number[]): FamilyNetwork {
  const widths = repeated([64, 128, 256, 512], layers);
  return {
    name,
    lists: ['kernels', 'widths'],
    base: { kernels: widths.map(() => 3), widths },
    body(tf, configuration) {
      let x = stem(tf);
      let index = 0;
      for (const [stage, blocks] of layers.entries()) {
        for (let block = 0; block < blocks; block++, index++) {
          const kernel = configuration.kernels![index]!;
          const stride = stage > 0 && block === 0 ? 2 : 1;
          const width = stride === 2 ? configuration.widths![index]! : x.shape[3]!;
          const y = tf.convBn(tf.convBnRelu(x, width, kernel, stride), width, kernel);
          x = tf.relu(tf.add(y, stride === 1 ? x : tf.convBn(x, width, 1, stride)));
        }
      }
      return tf.globalAverage(x);
    },
  };
}

/**
 * A bottleneck of reduction r on w planes has floor(w / r) inner and 4 r floor(w / r) outer channels; the planes of all
 * but the first block of a stage follow from their input.
 */
function bottleneckResnet(name: string, layers: readonly number[]): FamilyNetwork {
  const widths = repeated([64, 128, 256, 512], layers);
  return {
    name,
    lists: ['kernels', 'widths', 'reductions'],
    base: { kernels: widths.map(() => 3), widths, reductions: widths.map(() => 1) },
    body(tf, configuration) {
      let x = stem(tf);
      let index = 0;
      for (const [stage, blocks] of layers.entries()) {
        for (let block = 0; block < blocks; block++, index++) {
          const kernel = configuration.kernels![index]!;
          const reduction = configuration.reductions![index]!;
          const stride = stage > 0 && block === 0 ? 2 : 1;
          const planes = block === 0 ? configuration.widths![index]! : x.shape[3]! / 4;
          const inner = Math.floor(planes / reduction);
          const outer = 4 * reduction * inner;
          const y = tf.convBnRelu(tf.convBnRelu(x, inner), inner, kernel, stride);
          const projected = tf.convBn(y, outer);
          const same = stride === 1 && x.shape[3] === outer;
          x = tf.relu(tf.add(projected, same ? x : tf.convBn(x, outer, 1, stride)));
        }
      }
      return tf.globalAverage(x);
    },
  };
}

function stem(tf: TfBuilder): ShapedTensor {
  return tf.maxPool(tf.convBnRelu(tf.input, 64, 7, 2), 3, 2, 'SAME');
}

export const resnets: readonly FamilyNetwork[] = [
  basicResnet('resnet18', [2, 2, 2, 2]),
  basicResnet('resnet34', [3, 4, 6, 3]),
  bottleneckResnet('resnet50', [3, 4, 6, 3]),
];

const DENSENET_BLOCKS = [6, 12, 24, 16];
const DENSENET_LAYERS = 58;

/** A transition follows the last dense block too. */
export const densenet: FamilyNetwork = {
  name: 'densenet',
  lists: ['kernels', 'growths'],
  base: {
    kernels: new Array<number>(DENSENET_LAYERS).fill(3),
    growths: new Array<number>(DENSENET_LAYERS).fill(32),
  },
  body(tf, { kernels, growths }) {
    const normalized = (y: ShapedTensor): ShapedTensor => tf.relu(tf.batchNorm(y));
    let x = stem(tf);
    let index = 0;
    for (const layers of DENSENET_BLOCKS) {
      for (const end = index + layers; index < end; index++) {
        const growth = growths![index]!;
        const y = tf.convBnRelu(normalized(x), 4 * growth);
        x = tf.concat([x, tf.conv(y, growth, kernels![index]!)]);
      }
      x = tf.conv(normalized(x), Math.floor(x.shape[3]! / 2));
      x = tf.avgPool(x, 2, 2, 'SAME');
    }
    return tf.globalAverage(x);
  },
};
