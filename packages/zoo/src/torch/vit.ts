import { type Graph, NnMeterError, type ShapedTensor } from '@nnmeter/ir';
import { gelu, layerNorm } from './blocks.ts';
import { type NetworkOptions, network } from './options.ts';
import type { TorchBuilder } from './torch-builder.ts';

/** Of layer normalization. */
const EPSILON = 1e-6;

export interface VitOptions extends NetworkOptions {
  /** Side of a patch in pixels. */
  readonly patch: number;
  readonly layers: number;
  readonly heads: number;
  /** Channels of a token. */
  readonly hidden: number;
  /** Inner width of the feed-forward blocks. */
  readonly mlp: number;
}

/** Vision transformer (Dosovitskiy et al., arXiv:2010.11929). The sides of the image must be multiples of the patch. */
export function vit(options: VitOptions): Graph {
  const { patch, layers, hidden } = options;
  return network('vit', options, (torch, classes) => {
    const [batch, , height, width] = torch.input.shape as [number, number, number, number];
    if (height % patch !== 0 || width % patch !== 0) {
      throw new NnMeterError(
        'E_SHAPE',
        `a ${height}x${width} image is not a whole number of ${patch}x${patch} patches`,
      );
    }
    const image = torch.conv(torch.input, hidden, { kernel: patch, stride: patch });
    const patches = torch.transpose(torch.reshape(image, [batch, hidden, -1]), [0, 2, 1]);
    const classToken = torch.constant('class_token', [batch, 1, hidden]);
    let x = torch.concat([classToken, patches], 1);
    x = torch.add(x, torch.constant('pos_embedding', [1, x.shape[1]!, hidden]));
    for (let layer = 0; layer < layers; layer++) {
      x = torch.scope(`encoder_layer_${layer}`, () => encoderBlock(torch, x, options));
    }
    x = layerNorm(torch, x, EPSILON);
    return torch.linear(torch.select(x, 1, 0), classes);
  });
}

function encoderBlock(torch: TorchBuilder, x: ShapedTensor, options: VitOptions): ShapedTensor {
  const { heads, mlp, hidden } = options;
  const attention = torch.scope('self_attention', () =>
    selfAttention(torch, layerNorm(torch, x, EPSILON), heads),
  );
  const y = torch.add(attention, x);
  const inner = gelu(torch, torch.linear(layerNorm(torch, y, EPSILON), mlp));
  return torch.add(y, torch.linear(inner, hidden));
}

/** torch.nn.MultiheadAttention with the batch first: [N, L, C]. */
function selfAttention(torch: TorchBuilder, x: ShapedTensor, heads: number): ShapedTensor {
  const [batch, length, channels] = x.shape as [number, number, number];
  const headChannels = channels / heads;
  const projected = torch.linear(torch.transpose(x, [1, 0, 2]), 3 * channels);
  const [query, key, value] = [0, 1, 2].map((part) =>
    torch.slice(projected, 2, part * channels, (part + 1) * channels),
  ) as [ShapedTensor, ShapedTensor, ShapedTensor];
  const split = (tokens: ShapedTensor): ShapedTensor =>
    torch.reshape(tokens, [length, batch * heads, headChannels]);
  const queries = torch.transpose(split(query), [1, 0, 2]);
  const keys = split(key);
  const values = torch.transpose(split(value), [1, 0, 2]);
  const scaled = torch.binary('div', queries, torch.scalar(Math.sqrt(headChannels)));
  const weights = torch.softmax(torch.matMul(scaled, torch.transpose(keys, [1, 2, 0])));
  const heard = torch.transpose(torch.matMul(weights, values), [1, 0, 2]);
  const merged = torch.linear(torch.reshape(heard, [length * batch, channels]), channels);
  return torch.transpose(torch.reshape(merged, [length, batch, channels]), [1, 0, 2]);
}
