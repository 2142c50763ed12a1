import type { Graph, ShapedTensor } from '@nnmeter/ir';
import { type NetworkOptions, network } from './options.ts';
import type { TorchBuilder } from './torch-builder.ts';

/** [1x1, 3x3 reduction, 3x3, 5x5 reduction, 5x5, projection after the pooling] */
export type InceptionWidths = readonly [number, number, number, number, number, number];

export interface GoogLeNetOptions extends NetworkOptions {
  /** Widths of the inception blocks per stage; max pooling starts every stage but the first. */
  readonly stages?: readonly (readonly InceptionWidths[])[];
}

const STAGES: readonly (readonly InceptionWidths[])[] = [
  [
    [64, 96, 128, 16, 32, 32],
    [128, 128, 192, 32, 96, 64],
  ],
  [
    [192, 96, 208, 16, 48, 64],
    [160, 112, 224, 24, 64, 64],
    [128, 128, 256, 24, 64, 64],
    [112, 144, 288, 32, 64, 64],
    [256, 160, 320, 32, 128, 128],
  ],
  [
    [256, 160, 320, 32, 128, 128],
    [384, 192, 384, 48, 128, 128],
  ],
];

/** GoogLeNet (Szegedy et al., arXiv:1409.4842) without auxiliary heads; as in torchvision, its 5x5 branch is 3x3. */
export function googlenet(options: GoogLeNetOptions = {}): Graph {
  const { stages = STAGES } = options;
  return network('googlenet', options, (torch, classes) => {
    let x = torch.convBnRelu(torch.input, 64, { kernel: 7, stride: 2, padding: 3 });
    x = torch.maxPool(x, 3, { stride: 2, ceilMode: true });
    x = torch.convBnRelu(x, 64);
    x = torch.convBnRelu(x, 192, { kernel: 3, padding: 1 });
    for (const [stage, blocks] of stages.entries()) {
      x = torch.maxPool(x, stage === 2 ? 2 : 3, { stride: 2, ceilMode: true });
      for (const [index, widths] of blocks.entries()) {
        const letter = String.fromCharCode('a'.charCodeAt(0) + index);
        x = torch.scope(`inception${stage + 3}${letter}`, () => inception(torch, x, widths));
      }
    }
    return torch.linear(torch.flatten(torch.globalAvgPool(x)), classes);
  });
}

function inception(torch: TorchBuilder, x: ShapedTensor, widths: InceptionWidths): ShapedTensor {
  const [single, reduce3, out3, reduce5, out5, projection] = widths;
  const spatial = { kernel: 3, padding: 1 };
  const branches = [
    torch.convBnRelu(x, single),
    torch.convBnRelu(torch.convBnRelu(x, reduce3), out3, spatial),
    torch.convBnRelu(torch.convBnRelu(x, reduce5), out5, spatial),
    torch.convBnRelu(torch.maxPool(x, 3, { stride: 1, padding: 1, ceilMode: true }), projection),
  ];
  return torch.concat(branches, 1);
}
