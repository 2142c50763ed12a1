import type { Graph, ShapedTensor } from '@nnmeter/ir';
import { squeezeExcitation } from './blocks.ts';
import { makeDivisible, type NetworkOptions, network, range } from './options.ts';
import type { TorchBuilder } from './torch-builder.ts';

export interface RegNetOptions extends NetworkOptions {
  /** Number of blocks. */
  readonly depth: number;
  /** Width of the first block, a multiple of 8. */
  readonly initialWidth: number;
  /** Growth of the width per block, before quantization. */
  readonly slope: number;
  /** Ratio of the widths of consecutive stages. */
  readonly multiplier: number;
  /** Channels per group of the 3x3 convolutions. */
  readonly groupWidth: number;
  /** Squeezed channels as a share of the block's input (RegNetY, 0.25); none without it (RegNetX). */
  readonly squeeze?: number;
  /** Channels of the stem; default 32. */
  readonly stem?: number;
}

interface Stage {
  readonly width: number;
  readonly blocks: number;
  readonly groupWidth: number;
}

/** RegNetX and RegNetY (Radosavovic et al., arXiv:2003.13678). */
export function regnet(options: RegNetOptions): Graph {
  const { stem = 32 } = options;
  return network('regnet', options, (torch, classes) => {
    let x = torch.convBnRelu(torch.input, stem, { kernel: 3, stride: 2, padding: 1 });
    for (const [index, stage] of regnetStages(options).entries()) {
      for (let block = 0; block < stage.blocks; block++) {
        x = torch.scope(`block${index + 1}-${block}`, () =>
          residualBlock(torch, x, stage, block === 0 ? 2 : 1, options.squeeze),
        );
      }
    }
    return torch.linear(torch.flatten(torch.globalAvgPool(x)), classes);
  });
}

/** Quantizes the linear width progression into stages of equal width (section 3.3 of the paper). */
function regnetStages(options: RegNetOptions): Stage[] {
  const { depth, initialWidth, slope, multiplier, groupWidth } = options;
  const widths = range(depth).map((block) => {
    const linear = Math.fround(Math.fround(block * slope) + initialWidth);
    const exponent = roundHalfEven(Math.log(linear / initialWidth) / Math.log(multiplier));
    return roundHalfEven((initialWidth * multiplier ** exponent) / 8) * 8;
  });
  return [...new Set(widths)].map((width) => {
    const group = Math.min(groupWidth, width);
    return {
      width: makeDivisible(width, group),
      blocks: widths.filter((other) => other === width).length,
      groupWidth: group,
    };
  });
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function residualBlock(
  torch: TorchBuilder,
  x: ShapedTensor,
  stage: Stage,
  stride: number,
  squeeze: number | undefined,
): ShapedTensor {
  const { width, groupWidth } = stage;
  const channels = x.shape[1]!;
  const shortcut =
    stride !== 1 || channels !== width
      ? torch.scope('proj', () => torch.convBn(x, width, { stride }))
      : x;
  let y = torch.convBnRelu(x, width);
  y = torch.convBnRelu(y, width, { kernel: 3, stride, padding: 1, groups: width / groupWidth });
  if (squeeze !== undefined) {
    y = squeezeExcitation(
      torch,
      y,
      roundHalfEven(squeeze * channels),
      (value) => torch.relu(value),
      (value) => torch.sigmoid(value),
    );
  }
  return torch.relu(torch.add(shortcut, torch.convBn(y, width)));
}
