import { type Graph, GraphBuilder, type ShapedTensor } from '@nnmeter/ir';
import type { NetworkOptions } from '@nnmeter/zoo';

export interface DecoderOptions extends NetworkOptions {
  /** Channels at full size, doubled at each half. */
  readonly width: number;
  /** Number of halvings. */
  readonly depth: number;
  /** Side of the transposed convolutions' windows; their stride is 2. */
  readonly kernel: number;
  /** Whether the pixels attend to each other at the smallest size. */
  readonly attention: boolean;
}

/**
 * A network that makes an image of an image, after U-Net (Ronneberger et al., arXiv:1505.04597): convolutions and
 * poolings down, transposed convolutions up, with what was at each size beside.
 */
export function buildDecoder(options: DecoderOptions): Graph {
  const { width, depth, kernel, attention, inputShape = [1, 3, 128, 128], classes = 10 } = options;
  const builder = new GraphBuilder(options.name ?? 'decoder');
  const double = (x: ShapedTensor, channels: number): ShapedTensor => {
    const y = builder.relu(builder.conv(x, channels, { kernel: 3, padding: 'same' }));
    return builder.relu(builder.conv(y, channels, { kernel: 3, padding: 'same' }));
  };
  let x = builder.input('image', inputShape);
  const kept: ShapedTensor[] = [];
  for (let level = 0; level < depth; level++) {
    kept.push(double(x, width * 2 ** level));
    x = builder.maxpool(kept.at(-1)!, 2, { stride: 2 });
  }
  x = double(x, width * 2 ** depth);
  if (attention) x = attend(builder, x);
  for (let level = depth - 1; level >= 0; level--) {
    const beside = kept[level]!;
    const up = builder.convtranspose(x, width * 2 ** level, { kernel, stride: 2 });
    const sides = beside.shape.slice(2);
    const fits = up.shape.slice(2).join() === sides.join();
    const same = fits ? up : builder.resize(up, sides);
    x = double(builder.concat([same, beside]), width * 2 ** level);
  }
  return builder.build(builder.conv(x, Math.min(classes, 21)));
}

/** One head of self-attention over the pixels, and what it read added (Wang et al., arXiv:1711.07971). */
function attend(builder: GraphBuilder, x: ShapedTensor): ShapedTensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const [query, key, value] = [0, 1, 2].map(() =>
    builder.reshape(builder.conv(x, channels), [batch, channels, height * width]),
  ) as [ShapedTensor, ShapedTensor, ShapedTensor];
  const scores = builder.matmul(builder.transpose(query, [0, 2, 1]), key);
  const weights = builder.softmax(builder.mul(scores, channels ** -0.5));
  const mixed = builder.matmul(value, builder.transpose(weights, [0, 2, 1]));
  return builder.add(builder.reshape(mixed, x.shape, { layout: 'NCHW' }), x);
}
