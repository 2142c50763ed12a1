import type { ShapedTensor } from '@nnmeter/ir';
import type { FamilyNetwork } from './configuration.ts';
import type { TfBuilder } from './tf-builder.ts';

const REPEATS = [4, 8, 4];
const UNITS = 16;

/**
 * The kernel of the first unit is the stem's too; `widths` has the stem before and the last convolution after the
 * units; `ratios` are the inner channels of each unit's branch as a share of its output.
 */
export const shufflenetv2: FamilyNetwork = {
  name: 'shufflenetv2',
  lists: ['kernels', 'widths', 'ratios'],
  base: {
    kernels: new Array<number>(UNITS).fill(3),
    widths: [
      24,
      ...[116, 232, 464].flatMap((width, i) => new Array<number>(REPEATS[i]!).fill(width)),
      1024,
    ],
    ratios: new Array<number>(UNITS).fill(1),
  },
  body(tf, { kernels, widths, ratios }) {
    let x = tf.convBnRelu(tf.input, widths![0]!, kernels![0]!, 2);
    x = tf.maxPool(x, 3, 2, 'SAME');
    let index = 0;
    for (const units of REPEATS) {
      const half = Math.floor(widths![index + 1]! / 2);
      for (let unit = 0; unit < units; unit++, index++) {
        const branch = {
          inner: Math.floor(half * ratios![index]!),
          channels: half,
          kernel: kernels![index]!,
        };
        x = shuffle(tf, unit === 0 ? reduction(tf, x, branch) : basic(tf, x, branch));
      }
    }
    return tf.globalAverage(tf.convBnRelu(x, widths![UNITS + 1]!));
  },
};

interface Branch {
  readonly inner: number;
  readonly channels: number;
  readonly kernel: number;
}

function convolve(tf: TfBuilder, x: ShapedTensor, branch: Branch, stride: number): ShapedTensor {
  const y = tf.depthwise(tf.convBnRelu(x, branch.inner), branch.kernel, stride);
  return tf.convBnRelu(tf.batchNorm(y), branch.channels);
}

function reduction(tf: TfBuilder, x: ShapedTensor, branch: Branch): ShapedTensor {
  const shortcut = tf.batchNorm(tf.depthwise(x, branch.kernel, 2));
  return tf.concat([tf.convBnRelu(shortcut, branch.channels), convolve(tf, x, branch, 2)]);
}

function basic(tf: TfBuilder, x: ShapedTensor, branch: Branch): ShapedTensor {
  const [kept, convolved] = tf.split(x) as [ShapedTensor, ShapedTensor];
  return tf.concat([convolve(tf, convolved, branch, 1), kept]);
}

function shuffle(tf: TfBuilder, x: ShapedTensor): ShapedTensor {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const grouped = tf.reshape(x, [batch, height, width, 2, channels / 2]);
  return tf.reshape(tf.transpose(grouped, [0, 1, 2, 4, 3]), x.shape, 'NHWC');
}
