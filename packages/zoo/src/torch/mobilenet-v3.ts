import type { Graph, ShapedTensor } from '@nnmeter/ir';
import { hardSwish, squeezeExcitation } from './blocks.ts';
import { makeDivisible, type NetworkOptions, network } from './options.ts';
import type { TorchBuilder } from './torch-builder.ts';

export interface MobileNetV3Block {
  readonly kernel: number;
  readonly expanded: number;
  readonly channels: number;
  readonly squeeze: boolean;
  readonly activation: 'relu' | 'hswish';
  readonly stride: number;
}

export interface MobileNetV3Options extends NetworkOptions {
  readonly blocks: readonly MobileNetV3Block[];
  /** Width of the hidden fully connected layer. */
  readonly hidden: number;
  /** Width multiplier of the convolutions; default 1. */
  readonly width?: number;
}

/** MobileNetV3 (Howard et al., arXiv:1905.02244). */
export function mobilenetV3(options: MobileNetV3Options): Graph {
  const { blocks, hidden, width = 1 } = options;
  return network('mobilenet_v3', options, (torch, classes) => {
    const stem = { kernel: 3, stride: 2, padding: 1 };
    let x = hardSwish(torch, torch.convBn(torch.input, makeDivisible(16 * width), stem));
    for (const [index, block] of blocks.entries()) {
      x = torch.scope(`features.${index + 1}`, () => invertedResidual(torch, x, block, width));
    }
    x = hardSwish(torch, torch.convBn(x, 6 * x.shape[1]!));
    x = torch.flatten(torch.globalAvgPool(x));
    return torch.linear(hardSwish(torch, torch.linear(x, hidden)), classes);
  });
}

function invertedResidual(
  torch: TorchBuilder,
  x: ShapedTensor,
  block: MobileNetV3Block,
  width: number,
): ShapedTensor {
  const { kernel, stride, squeeze } = block;
  const channels = makeDivisible(block.channels * width);
  const expanded = makeDivisible(block.expanded * width);
  const activate = (y: ShapedTensor): ShapedTensor =>
    block.activation === 'relu' ? torch.relu(y) : hardSwish(torch, y);
  let y = expanded === x.shape[1] ? x : activate(torch.convBn(x, expanded));
  const depthwise = { kernel, stride, padding: (kernel - 1) / 2, groups: expanded };
  y = activate(torch.convBn(y, expanded, depthwise));
  if (squeeze) {
    y = squeezeExcitation(
      torch,
      y,
      makeDivisible(Math.floor(expanded / 4)),
      (value) => torch.relu(value),
      (value) => torch.hardSigmoid(value),
    );
  }
  y = torch.convBn(y, channels);
  return stride === 1 && x.shape[1] === channels ? torch.add(y, x) : y;
}
