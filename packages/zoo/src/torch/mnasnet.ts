import type { Graph, ShapedTensor } from '@nnmeter/ir';
import { makeDivisible, type NetworkOptions, network } from './options.ts';
import type { TorchBuilder } from './torch-builder.ts';

/** One stage of inverted residuals. */
export interface MnasNetStage {
  readonly channels: number;
  readonly blocks: number;
  readonly kernel: number;
  readonly expansion: number;
  readonly stride: number;
}

export interface MnasNetOptions extends NetworkOptions {
  /** Width multiplier; default 1. */
  readonly width?: number;
  readonly stages?: readonly MnasNetStage[];
}

const STAGES: readonly MnasNetStage[] = [
  { channels: 24, blocks: 3, kernel: 3, expansion: 3, stride: 2 },
  { channels: 40, blocks: 3, kernel: 5, expansion: 3, stride: 2 },
  { channels: 80, blocks: 3, kernel: 5, expansion: 6, stride: 2 },
  { channels: 96, blocks: 2, kernel: 3, expansion: 6, stride: 1 },
  { channels: 192, blocks: 4, kernel: 5, expansion: 6, stride: 2 },
  { channels: 320, blocks: 1, kernel: 3, expansion: 6, stride: 1 },
];

/** MnasNet-B1 (Tan et al., arXiv:1807.11626). */
export function mnasnet(options: MnasNetOptions = {}): Graph {
  const { width = 1, stages = STAGES } = options;
  return network('mnasnet', options, (torch, classes) => {
    const stem = makeDivisible(32 * width);
    let x = torch.convBnRelu(torch.input, stem, { kernel: 3, stride: 2, padding: 1 });
    x = torch.convBnRelu(x, stem, { kernel: 3, padding: 1, groups: stem });
    x = torch.convBn(x, makeDivisible(16 * width));
    for (const [index, stage] of stages.entries()) {
      for (let block = 0; block < stage.blocks; block++) {
        x = torch.scope(`stage${index + 1}.${block}`, () =>
          invertedResidual(torch, x, {
            ...stage,
            channels: makeDivisible(stage.channels * width),
            stride: block === 0 ? stage.stride : 1,
          }),
        );
      }
    }
    x = torch.convBnRelu(x, 1280);
    return torch.linear(torch.spatialMean(x), classes);
  });
}

function invertedResidual(torch: TorchBuilder, x: ShapedTensor, stage: MnasNetStage): ShapedTensor {
  const { channels, kernel, expansion, stride } = stage;
  const inner = x.shape[1]! * expansion;
  let y = torch.convBnRelu(x, inner);
  y = torch.convBnRelu(y, inner, { kernel, stride, padding: (kernel - 1) / 2, groups: inner });
  y = torch.convBn(y, channels);
  return stride === 1 && x.shape[1] === channels ? torch.add(y, x) : y;
}
