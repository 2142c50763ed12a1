import type { Graph } from '@nnmeter/ir';
import { type NetworkOptions, network } from './options.ts';

export interface VggOptions extends NetworkOptions {
  /** Output channels of the convolutions of each stage; a 2x2 max pooling ends a stage. */
  readonly stages: readonly (readonly number[])[];
  readonly kernel?: number;
  /** Batch normalization after each convolution (the `_bn` variants); default false. */
  readonly normalized?: boolean;
  /** Width of the two hidden fully connected layers; default 4096. */
  readonly hidden?: number;
}

/** VGG (Simonyan and Zisserman, arXiv:1409.1556). */
export function vgg(options: VggOptions): Graph {
  const { stages, kernel = 3, normalized = false, hidden = 4096 } = options;
  return network('vgg', options, (torch, classes) => {
    let x = torch.input;
    const geometry = { kernel, padding: (kernel - 1) / 2 };
    torch.scope('features', () => {
      for (const stage of stages) {
        for (const width of stage) {
          x = normalized
            ? torch.convBn(x, width, { ...geometry, bias: true })
            : torch.conv(x, width, geometry);
          x = torch.relu(x);
        }
        x = torch.maxPool(x, 2);
      }
    });
    x = torch.flatten(torch.adaptiveAvgPool(x, 7));
    return torch.scope('classifier', () => {
      x = torch.relu(torch.linear(x, hidden));
      x = torch.relu(torch.linear(x, hidden));
      return torch.linear(x, classes);
    });
  });
}
