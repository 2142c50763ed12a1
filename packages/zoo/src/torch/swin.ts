import type { Graph } from '@nnmeter/ir';
import type { Value } from '../network-writer.ts';
import { gelu, layerNorm } from './blocks.ts';
import { type NetworkOptions, network } from './options.ts';
import { windowAttention } from './swin-attention.ts';
import type { TorchBuilder } from './torch-builder.ts';

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
    let x = layerNorm(torch, torch.transpose(patches, [0, 2, 3, 1]));
    for (const [stage, blocks] of depths.entries()) {
      if (stage > 0) {
        x = torch.scope(`features.${2 * stage}`, () => mergePatches(torch, x, version));
      }
      for (let index = 0; index < blocks; index++) {
        const shift = index % 2 === 0 ? 0 : Math.floor(window / 2);
        const attention = { heads: heads[stage]!, window, shift, cosine: version === 2 };
        x = torch.scope(`features.${2 * stage + 1}.${index}`, () => {
          const attend = (y: Value): Value => windowAttention(torch, y, attention);
          const y = residual(torch, x, version, attend);
          return residual(torch, y, version, (z) => feedForward(torch, z));
        });
      }
    }
    x = torch.transpose(layerNorm(torch, x), [0, 3, 1, 2]);
    return torch.linear(torch.flatten(torch.globalAvgPool(x)), classes);
  });
}

function residual(torch: TorchBuilder, x: Value, version: 1 | 2, body: (y: Value) => Value): Value {
  const y = version === 1 ? body(layerNorm(torch, x)) : layerNorm(torch, body(x));
  return torch.add(x, y);
}

function feedForward(torch: TorchBuilder, x: Value): Value {
  const channels = x.shape[3]!;
  return torch.linear(gelu(torch, torch.linear(x, 4 * channels)), channels);
}

/** Concatenates each 2x2 neighbourhood and halves its channels; odd sides are padded by one. */
function mergePatches(torch: TorchBuilder, x: Value, version: 1 | 2): Value {
  const [, height, width, channels] = x.shape as [number, number, number, number];
  const even =
    height % 2 === 0 && width % 2 === 0
      ? x
      : torch.pad(x, [0, 0, 0, 0, 0, height % 2, width % 2, 0]);
  const corner = (row: number, column: number): Value => {
    const rows = torch.slice(even, 1, row, even.shape[1]!, 2);
    return torch.slice(rows, 2, column, even.shape[2]!, 2);
  };
  const merged = torch.concat([corner(0, 0), corner(1, 0), corner(0, 1), corner(1, 1)], 3);
  return version === 1
    ? torch.linear(layerNorm(torch, merged), 2 * channels, false)
    : layerNorm(torch, torch.linear(merged, 2 * channels, false));
}
