import type { Graph, ShapedTensor } from '@nnmeter/ir';
import { gelu, layerNorm } from './blocks.ts';
import { type NetworkOptions, network } from './options.ts';
import type { TorchBuilder } from './torch-builder.ts';

/** Of layer normalization. */
const EPSILON = 1e-6;

export interface ConvNextOptions extends NetworkOptions {
  /** Channels of each stage. */
  readonly channels: readonly number[];
  /** Blocks of each stage. */
  readonly blocks: readonly number[];
  /** Side of the depthwise kernels; default 7. */
  readonly kernel?: number;
}

const TO_NHWC = [0, 2, 3, 1];
const TO_NCHW = [0, 3, 1, 2];

/** ConvNeXt (Liu et al., arXiv:2201.03545). */
export function convnext(options: ConvNextOptions): Graph {
  const { channels, blocks, kernel = 7 } = options;
  return network('convnext', options, (torch, classes) => {
    let x = torch.conv(torch.input, channels[0]!, { kernel: 4, stride: 4 });
    x = channelNorm(torch, x);
    for (const [stage, width] of channels.entries()) {
      if (stage > 0) {
        x = torch.scope(`features.${2 * stage}`, () =>
          torch.conv(channelNorm(torch, x), width, { kernel: 2, stride: 2 }),
        );
      }
      for (let index = 0; index < blocks[stage]!; index++) {
        x = torch.scope(`features.${2 * stage + 1}.${index}`, () => block(torch, x, kernel));
      }
    }
    x = channelNorm(torch, torch.globalAvgPool(x));
    return torch.linear(torch.flatten(x), classes);
  });
}

/** Layer normalization over the channels of an image. */
function channelNorm(torch: TorchBuilder, x: ShapedTensor): ShapedTensor {
  return torch.transpose(layerNorm(torch, torch.transpose(x, TO_NHWC), EPSILON), TO_NCHW);
}

function block(torch: TorchBuilder, x: ShapedTensor, kernel: number): ShapedTensor {
  const channels = x.shape[1]!;
  let y = torch.conv(x, channels, { kernel, padding: (kernel - 1) / 2, groups: channels });
  y = layerNorm(torch, torch.transpose(y, TO_NHWC), EPSILON);
  y = gelu(torch, torch.linear(y, 4 * channels));
  y = torch.transpose(torch.linear(y, channels), TO_NCHW);
  y = torch.mul(torch.constant('layer_scale', [channels, 1, 1]), y);
  return torch.add(y, x);
}
