import type { Graph, ShapedTensor } from '@nnmeter/ir';
import { gelu, layerNorm } from './blocks.ts';
import { type NetworkOptions, network } from './options.ts';
import { windowAttention } from './swin-attention.ts';
import type { TorchBuilder } from './torch-builder.ts';

/** Of layer normalization. */
const EPSILON = 1e-5;

export interface SwinOptions extends NetworkOptions {
  /** 2: cosine attention and normalization after each block. Default 1. */
  readonly version?: 1 | 2;
  /** Channels of a token in the first stage, doubled by every further stage. */
  readonly embedding: number;
  /** Blocks of each stage. */
  readonly depths: readonly number[];
  /** Attention heads of each stage. */
  readonly heads: readonly number[];
  /** Side of an attention window in tokens. */
  readonly window: number;
}

/** Swin Transformer (Liu et al., arXiv:2103.14030) and V2 (arXiv:2111.09883); patches of 4x4 pixels. */
export function swin(options: SwinOptions): Graph {
  const { version = 1, embedding, depths, heads, window } = options;
  return network('swin', options, (torch, classes) => {
    const patches = torch.conv(torch.input, embedding, { kernel: 4, stride: 4 });
    let x = layerNorm(torch, torch.transpose(patches, [0, 2, 3, 1]), EPSILON);
    for (const [stage, blocks] of depths.entries()) {
      if (stage > 0) {
        x = torch.scope(`features.${2 * stage}`, () => mergePatches(torch, x, version));
      }
      for (let index = 0; index < blocks; index++) {
        const shift = index % 2 === 0 ? 0 : Math.floor(window / 2);
        const attention = { heads: heads[stage]!, window, shift, cosine: version === 2 };
        x = torch.scope(`features.${2 * stage + 1}.${index}`, () => {
          const attend = (y: ShapedTensor): ShapedTensor => windowAttention(torch, y, attention);
          const y = residual(torch, x, version, attend);
          return residual(torch, y, version, (z) => feedForward(torch, z));
        });
      }
    }
    x = torch.transpose(layerNorm(torch, x, EPSILON), [0, 3, 1, 2]);
    return torch.linear(torch.flatten(torch.globalAvgPool(x)), classes);
  });
}

function residual(
  torch: TorchBuilder,
  x: ShapedTensor,
  version: 1 | 2,
  body: (y: ShapedTensor) => ShapedTensor,
): ShapedTensor {
  const y = version === 1 ? body(layerNorm(torch, x, EPSILON)) : layerNorm(torch, body(x), EPSILON);
  return torch.add(x, y);
}

function feedForward(torch: TorchBuilder, x: ShapedTensor): ShapedTensor {
  const channels = x.shape[3]!;
  return torch.linear(gelu(torch, torch.linear(x, 4 * channels)), channels);
}

/** Concatenates each 2x2 neighbourhood and halves its channels; odd sides are padded by one. */
function mergePatches(torch: TorchBuilder, x: ShapedTensor, version: 1 | 2): ShapedTensor {
  const [, height, width, channels] = x.shape as [number, number, number, number];
  const even =
    height % 2 === 0 && width % 2 === 0
      ? x
      : torch.pad(x, [0, 0, 0, 0, 0, height % 2, width % 2, 0]);
  const every2nd = (y: ShapedTensor, axis: number, start: number): ShapedTensor =>
    torch.slice(y, axis, start, y.shape[axis]!, 2);
  const evenRows = every2nd(even, 1, 0);
  const topLeft = every2nd(evenRows, 2, 0);
  const oddRows = every2nd(even, 1, 1);
  const bottomLeft = every2nd(oddRows, 2, 0);
  const right = [every2nd(evenRows, 2, 1), every2nd(oddRows, 2, 1)];
  const merged = torch.concat([topLeft, bottomLeft, ...right], 3);
  return version === 1
    ? torch.linear(layerNorm(torch, merged, EPSILON), 2 * channels, false)
    : layerNorm(torch, torch.linear(merged, 2 * channels, false), EPSILON);
}
