import { type Graph, NnMeterError, type ShapedTensor } from '@nnmeter/ir';
import { gelu, layerNorm, silu, squeezeExcitation } from './blocks.ts';
import { type NetworkOptions, network } from './options.ts';
import type { TorchBuilder } from './torch-builder.ts';

/** Of layer normalization. */
const EPSILON = 1e-5;

export interface MaxVitOptions extends NetworkOptions {
  /** Channels of the stem. */
  readonly stem: number;
  /** Channels of each stage. */
  readonly channels: readonly number[];
  /** Layers of each stage. */
  readonly layers: readonly number[];
  /** Channels of an attention head. */
  readonly headChannels: number;
  /** Side of a window and of the grid. */
  readonly partition: number;
}

/** MaxViT (Tu et al., arXiv:2204.01697): per layer an MBConv, attention in windows and attention on a grid. */
export function maxvit(options: MaxVitOptions): Graph {
  const { stem, channels, layers } = options;
  return network('maxvit', options, (torch, classes) => {
    let x = gelu(torch, torch.convBn(torch.input, stem, { kernel: 3, stride: 2, padding: 1 }));
    x = torch.conv(x, stem, { kernel: 3, padding: 1 });
    for (const [stage, width] of channels.entries()) {
      for (let layer = 0; layer < layers[stage]!; layer++) {
        torch.scope(`blocks.${stage}.${layer}`, () => {
          x = torch.scope('MBconv', () => mbConv(torch, x, width, layer === 0 ? 2 : 1));
          x = torch.scope('window', () => windowAttention(torch, x, options));
          x = torch.scope('grid', () => gridAttention(torch, x, options));
        });
      }
    }
    x = layerNorm(torch, torch.flatten(torch.globalAvgPool(x)), EPSILON);
    x = torch.unary('tanh', torch.linear(x, x.shape[1]!));
    return torch.linear(x, classes, false);
  });
}

function mbConv(
  torch: TorchBuilder,
  x: ShapedTensor,
  channels: number,
  stride: number,
): ShapedTensor {
  const expanded = 4 * channels;
  let shortcut = x;
  if (stride === 2) shortcut = torch.avgPool(x, 3, { stride, padding: 1 });
  if (stride === 2 || x.shape[1] !== channels) shortcut = torch.conv(shortcut, channels);
  let y = gelu(torch, torch.convBn(torch.batchNorm(x, 1e-3), expanded));
  const depthwise = { kernel: 3, stride, padding: 1, groups: expanded };
  y = gelu(torch, torch.convBn(y, expanded, depthwise));
  y = squeezeExcitation(
    torch,
    y,
    channels / 4,
    (value) => silu(torch, value),
    (value) => torch.sigmoid(value),
  );
  return torch.add(shortcut, torch.conv(y, channels));
}

/** Attention among the tokens of each `partition` x `partition` window. */
function windowAttention(
  torch: TorchBuilder,
  x: ShapedTensor,
  options: MaxVitOptions,
): ShapedTensor {
  const tokens = partition(torch, x, options.partition);
  return unpartition(torch, transformerBlock(torch, tokens, options), x, options.partition);
}

/** Attention among the tokens at the same place of all windows of a `partition` x `partition` grid. */
function gridAttention(torch: TorchBuilder, x: ShapedTensor, options: MaxVitOptions): ShapedTensor {
  const side = x.shape[2]! / options.partition;
  const swapped = torch.transpose(partition(torch, x, side), [0, 2, 1, 3]);
  const y = torch.transpose(transformerBlock(torch, swapped, options), [0, 2, 1, 3]);
  return unpartition(torch, y, x, side);
}

/** [N, C, H, W] to [N, windows, tokens of a window, C]. */
function partition(torch: TorchBuilder, x: ShapedTensor, side: number): ShapedTensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  if (height % side !== 0 || width % side !== 0 || side < 1) {
    throw new NnMeterError(
      'E_SHAPE',
      `a ${height}x${width} image cannot be partitioned by ${side}`,
    );
  }
  const [rows, columns] = [height / side, width / side];
  const tiles = torch.reshape(x, [batch, channels, rows, side, columns, side]);
  const moved = torch.transpose(tiles, [0, 2, 4, 3, 5, 1]);
  return torch.reshape(moved, [batch, rows * columns, side * side, channels]);
}

function unpartition(
  torch: TorchBuilder,
  tokens: ShapedTensor,
  image: ShapedTensor,
  side: number,
): ShapedTensor {
  const [batch, channels, height, width] = image.shape as [number, number, number, number];
  const [rows, columns] = [height / side, width / side];
  const tiles = torch.reshape(tokens, [batch, rows, columns, side, side, channels]);
  return torch.reshape(torch.transpose(tiles, [0, 5, 1, 3, 2, 4]), image.shape, 'NCHW');
}

function transformerBlock(
  torch: TorchBuilder,
  x: ShapedTensor,
  options: MaxVitOptions,
): ShapedTensor {
  const channels = x.shape[3]!;
  const y = torch.add(
    x,
    relativeAttention(torch, layerNorm(torch, x, EPSILON), options.headChannels),
  );
  const inner = gelu(torch, torch.linear(layerNorm(torch, y, EPSILON), 4 * channels));
  return torch.add(y, torch.linear(inner, channels));
}

function relativeAttention(
  torch: TorchBuilder,
  x: ShapedTensor,
  headChannels: number,
): ShapedTensor {
  const [batch, windows, length, channels] = x.shape as [number, number, number, number];
  const heads = channels / headChannels;
  const projected = torch.linear(x, 3 * channels);
  const parts = [0, 1, 2].map((part) =>
    torch.slice(projected, 3, part * channels, (part + 1) * channels),
  );
  const [query, key, value] = parts.map((tokens) => {
    const split = torch.reshape(tokens, [batch, windows, length, heads, headChannels]);
    return torch.transpose(split, [0, 1, 3, 2, 4]);
  }) as [ShapedTensor, ShapedTensor, ShapedTensor];
  const scaled = torch.mul(key, torch.scalar(channels ** -0.5));
  const einsum = (equation: string, a: ShapedTensor, b: ShapedTensor): ShapedTensor =>
    torch.op('einsum', 'Einsum', [a, b], { equation });
  let scores = einsum('BGHID,BGHJD->BGHIJ', query, scaled);
  scores = torch.add(scores, torch.constant('position_bias', [1, heads, length, length]));
  const heard = einsum('BGHIJ,BGHJD->BGHID', torch.softmax(scores), value);
  const merged = torch.reshape(torch.transpose(heard, [0, 1, 3, 2, 4]), x.shape);
  return torch.linear(merged, channels);
}
