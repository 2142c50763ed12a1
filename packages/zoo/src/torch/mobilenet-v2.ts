import type { Graph, ShapedTensor } from '@nnmeter/ir';
import { makeDivisible, type NetworkOptions, network } from './options.ts';
import type { TorchBuilder } from './torch-builder.ts';

/** [expansion, channels, blocks, stride of the first block] */
export type MobileNetV2Stage = readonly [number, number, number, number];

export interface MobileNetV2Options extends NetworkOptions {
  /** Width multiplier; default 1. */
  readonly width?: number;
  readonly stages?: readonly MobileNetV2Stage[];
  /** Side of the depthwise kernels; default 3. */
  readonly kernel?: number;
}

const STAGES: readonly MobileNetV2Stage[] = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];

/** MobileNetV2 (Sandler et al., arXiv:1801.04381). */
export function mobilenetV2(options: MobileNetV2Options = {}): Graph {
  const { width = 1, stages = STAGES, kernel = 3 } = options;
  return network('mobilenet_v2', options, (torch, classes) => {
    const stem = { kernel: 3, stride: 2, padding: 1 };
    let x = torch.relu6(torch.convBn(torch.input, makeDivisible(32 * width), stem));
    let index = 1;
    for (const [expansion, channels, blocks, firstStride] of stages) {
      for (let block = 0; block < blocks; block++) {
        const stride = block === 0 ? firstStride : 1;
        x = torch.scope(`features.${index++}`, () =>
          invertedResidual(torch, x, makeDivisible(channels * width), expansion, stride, kernel),
        );
      }
    }
    x = torch.relu6(torch.convBn(x, makeDivisible(1280 * Math.max(1, width))));
    return torch.linear(torch.flatten(torch.globalAvgPool(x)), classes);
  });
}

function invertedResidual(
  torch: TorchBuilder,
  x: ShapedTensor,
  channels: number,
  expansion: number,
  stride: number,
  kernel: number,
): ShapedTensor {
  const inner = Math.round(x.shape[1]! * expansion);
  let y = expansion === 1 ? x : torch.relu6(torch.convBn(x, inner));
  const depthwise = { kernel, stride, padding: (kernel - 1) / 2, groups: inner };
  y = torch.relu6(torch.convBn(y, inner, depthwise));
  y = torch.convBn(y, channels);
  return stride === 1 && x.shape[1] === channels ? torch.add(x, y) : y;
}
