import type { Graph, ShapedTensor } from '@nnmeter/ir';
import { type NetworkOptions, network } from './options.ts';
import type { TorchBuilder } from './torch-builder.ts';

export interface ResNetOptions extends NetworkOptions {
  readonly block: 'basic' | 'bottleneck';
  /** Number of blocks of each stage. */
  readonly layers: readonly number[];
  /** Channels of the stem and the first stage, doubled by each further stage; default 64. */
  readonly width?: number;
  /** Groups of the 3x3 convolution of a bottleneck (ResNeXt); default 1. */
  readonly groups?: number;
  /** Channels per group of a first-stage bottleneck per 64 channels of width (ResNeXt, wide ResNet); default 64. */
  readonly widthPerGroup?: number;
  /** Side of the spatial kernels; default 3. */
  readonly kernel?: number;
}

/**
 * ResNet (He et al., arXiv:1512.03385) with the stride on the 3x3 convolution, ResNeXt (arXiv:1611.05431) and wide
 * ResNet (arXiv:1605.07146).
 */
export function resnet(options: ResNetOptions): Graph {
  const { layers, width = 64 } = options;
  return network('resnet', options, (torch, classes) => {
    let x = torch.convBnRelu(torch.input, width, { kernel: 7, stride: 2, padding: 3 });
    x = torch.maxPool(x, 3, { stride: 2, padding: 1 });
    for (const [stage, blocks] of layers.entries()) {
      for (let index = 0; index < blocks; index++) {
        const stride = stage > 0 && index === 0 ? 2 : 1;
        x = torch.scope(`layer${stage + 1}.${index}`, () =>
          residualBlock(torch, x, width * 2 ** stage, stride, options),
        );
      }
    }
    return torch.linear(torch.flatten(torch.globalAvgPool(x)), classes);
  });
}

function residualBlock(
  torch: TorchBuilder,
  x: ShapedTensor,
  planes: number,
  stride: number,
  options: ResNetOptions,
): ShapedTensor {
  const { block, groups = 1, widthPerGroup = 64, kernel = 3 } = options;
  const spatial = { kernel, padding: (kernel - 1) / 2 };
  let outChannels = planes;
  let y: ShapedTensor;
  if (block === 'basic') {
    y = torch.convBnRelu(x, planes, { ...spatial, stride });
    y = torch.convBn(y, planes, spatial);
  } else {
    const inner = Math.floor((planes * widthPerGroup) / 64) * groups;
    outChannels = planes * 4;
    y = torch.convBnRelu(x, inner);
    y = torch.convBnRelu(y, inner, { ...spatial, stride, groups });
    y = torch.convBn(y, outChannels);
  }
  const shortcut =
    stride !== 1 || x.shape[1] !== outChannels
      ? torch.scope('downsample', () => torch.convBn(x, outChannels, { stride }))
      : x;
  return torch.relu(torch.add(y, shortcut));
}
