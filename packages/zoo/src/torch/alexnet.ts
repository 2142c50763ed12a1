import type { Graph } from '@nnmeter/ir';
import { type NetworkOptions, network } from './options.ts';

export interface AlexNetOptions extends NetworkOptions {
  /** Output channels of the five convolutions. */
  readonly channels?: readonly number[];
  /** Kernel sides of the five convolutions. */
  readonly kernels?: readonly number[];
  /** Width of the two hidden fully connected layers; default 4096. */
  readonly hidden?: number;
}

/** AlexNet, the one-column form of torchvision (Krizhevsky, arXiv:1404.5997). */
export function alexnet(options: AlexNetOptions = {}): Graph {
  const {
    channels = [64, 192, 384, 256, 256],
    kernels = [11, 5, 3, 3, 3],
    hidden = 4096,
  } = options;
  return network('alexnet', options, (torch, classes) => {
    let x = torch.input;
    torch.scope('features', () => {
      for (const [index, width] of channels.entries()) {
        const kernel = kernels[index]!;
        const geometry =
          index === 0
            ? { kernel, stride: 4, padding: Math.max(0, (kernel - 7) / 2) }
            : { kernel, padding: (kernel - 1) / 2 };
        x = torch.relu(torch.conv(x, width, geometry));
        if (index < 2 || index === channels.length - 1) x = torch.maxPool(x, 3, { stride: 2 });
      }
    });
    x = torch.flatten(torch.adaptiveAvgPool(x, 6));
    return torch.scope('classifier', () => {
      x = torch.relu(torch.linear(x, hidden));
      x = torch.relu(torch.linear(x, hidden));
      return torch.linear(x, classes);
    });
  });
}
