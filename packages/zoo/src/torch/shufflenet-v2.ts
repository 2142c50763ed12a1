import type { Graph, ShapedTensor } from '@nnmeter/ir';
import { type NetworkOptions, network } from './options.ts';
import type { TorchBuilder } from './torch-builder.ts';

export interface ShuffleNetV2Options extends NetworkOptions {
  /** Channels of the stem, of each stage and of the last convolution. */
  readonly channels: readonly number[];
  /** Units of each stage; default [4, 8, 4]. */
  readonly repeats?: readonly number[];
  /** Side of the depthwise kernels; default 3. */
  readonly kernel?: number;
}

/** ShuffleNetV2 (Ma et al., arXiv:1807.11164). */
export function shufflenetV2(options: ShuffleNetV2Options): Graph {
  const { channels, repeats = [4, 8, 4], kernel = 3 } = options;
  return network('shufflenet_v2', options, (torch, classes) => {
    let x = torch.convBnRelu(torch.input, channels[0]!, { kernel: 3, stride: 2, padding: 1 });
    x = torch.maxPool(x, 3, { stride: 2, padding: 1 });
    for (const [stage, units] of repeats.entries()) {
      for (let unit = 0; unit < units; unit++) {
        x = torch.scope(`stage${stage + 2}.${unit}`, () => {
          const half = Math.floor(channels[stage + 1]! / 2);
          return shuffle(
            torch,
            unit === 0 ? reduction(torch, x, half, kernel) : basic(torch, x, half, kernel),
          );
        });
      }
    }
    x = torch.convBnRelu(x, channels[channels.length - 1]!);
    return torch.linear(torch.spatialMean(x), classes);
  });
}

function branch(
  torch: TorchBuilder,
  x: ShapedTensor,
  channels: number,
  kernel: number,
  stride: number,
): ShapedTensor {
  let y = torch.convBnRelu(x, channels);
  y = torch.convBn(y, channels, { kernel, stride, padding: (kernel - 1) / 2, groups: channels });
  return torch.convBnRelu(y, channels);
}

function reduction(
  torch: TorchBuilder,
  x: ShapedTensor,
  channels: number,
  kernel: number,
): ShapedTensor {
  const groups = x.shape[1]!;
  let shortcut = torch.convBn(x, groups, { kernel, stride: 2, padding: (kernel - 1) / 2, groups });
  shortcut = torch.convBnRelu(shortcut, channels);
  return torch.concat([shortcut, branch(torch, x, channels, kernel, 2)], 1);
}

function basic(
  torch: TorchBuilder,
  x: ShapedTensor,
  channels: number,
  kernel: number,
): ShapedTensor {
  const left = torch.slice(x, 1, 0, channels);
  const right = torch.slice(x, 1, channels, 2 * channels);
  return torch.concat([left, branch(torch, right, channels, kernel, 1)], 1);
}

function shuffle(torch: TorchBuilder, x: ShapedTensor): ShapedTensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const grouped = torch.reshape(x, [batch, 2, channels / 2, height, width]);
  return torch.reshape(torch.transpose(grouped, [0, 2, 1, 3, 4]), x.shape, 'NCHW');
}
