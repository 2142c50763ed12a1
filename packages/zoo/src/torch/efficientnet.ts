import type { Graph, ShapedTensor } from '@nnmeter/ir';
import { silu, squeezeExcitation } from './blocks.ts';
import { makeDivisible, type NetworkOptions, network } from './options.ts';
import type { TorchBuilder } from './torch-builder.ts';

export interface EfficientNetStage {
  /** `mbconv`: expand, depthwise, squeeze-and-excite, project; `fused`: one dense convolution expands. */
  readonly block: 'mbconv' | 'fused';
  readonly expansion: number;
  readonly kernel: number;
  readonly stride: number;
  readonly channels: number;
  readonly blocks: number;
}

export interface EfficientNetOptions extends NetworkOptions {
  readonly stages: readonly EfficientNetStage[];
  /** Channels of the stem before the width multiplier; default 32. */
  readonly stem?: number;
  /** Multiplies channels; default 1. */
  readonly width?: number;
  /** Multiplies the blocks of each stage, rounded up; default 1. */
  readonly depth?: number;
  /** Channels of the last convolution; default 4 times the last stage. */
  readonly lastChannels?: number;
}

/** EfficientNet (Tan and Le, arXiv:1905.11946) and EfficientNetV2 (arXiv:2104.00298). */
export function efficientnet(options: EfficientNetOptions): Graph {
  const { stages, stem = 32, width = 1, depth = 1, lastChannels } = options;
  return network('efficientnet', options, (torch, classes) => {
    const stemConv = { kernel: 3, stride: 2, padding: 1 };
    let x = silu(torch, torch.convBn(torch.input, makeDivisible(stem * width), stemConv));
    for (const [index, stage] of stages.entries()) {
      const blocks = Math.ceil(stage.blocks * depth);
      for (let block = 0; block < blocks; block++) {
        const build = stage.block === 'mbconv' ? mbConv : fusedMbConv;
        x = torch.scope(`features.${index + 1}.${block}`, () =>
          build(torch, x, {
            ...stage,
            channels: makeDivisible(stage.channels * width),
            stride: block === 0 ? stage.stride : 1,
          }),
        );
      }
    }
    x = silu(torch, torch.convBn(x, lastChannels ?? 4 * x.shape[1]!));
    return torch.linear(torch.flatten(torch.globalAvgPool(x)), classes);
  });
}

function mbConv(torch: TorchBuilder, x: ShapedTensor, stage: EfficientNetStage): ShapedTensor {
  const { kernel, stride } = stage;
  const channels = x.shape[1]!;
  const expanded = makeDivisible(channels * stage.expansion);
  let y = expanded === channels ? x : silu(torch, torch.convBn(x, expanded));
  const depthwise = { kernel, stride, padding: (kernel - 1) / 2, groups: expanded };
  y = silu(torch, torch.convBn(y, expanded, depthwise));
  y = squeezeExcitation(
    torch,
    y,
    Math.max(1, Math.floor(channels / 4)),
    (value) => silu(torch, value),
    (value) => torch.sigmoid(value),
  );
  return withShortcut(torch, x, torch.convBn(y, stage.channels), stride);
}

function fusedMbConv(torch: TorchBuilder, x: ShapedTensor, stage: EfficientNetStage): ShapedTensor {
  const { kernel, stride } = stage;
  const channels = x.shape[1]!;
  const expanded = makeDivisible(channels * stage.expansion);
  const spatial = { kernel, stride, padding: (kernel - 1) / 2 };
  const y =
    expanded === channels
      ? silu(torch, torch.convBn(x, stage.channels, spatial))
      : torch.convBn(silu(torch, torch.convBn(x, expanded, spatial)), stage.channels);
  return withShortcut(torch, x, y, stride);
}

function withShortcut(
  torch: TorchBuilder,
  x: ShapedTensor,
  y: ShapedTensor,
  stride: number,
): ShapedTensor {
  return stride === 1 && x.shape[1] === y.shape[1] ? torch.add(y, x) : y;
}
