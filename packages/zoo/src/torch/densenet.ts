import type { Graph, ShapedTensor } from '@nnmeter/ir';
import { type NetworkOptions, network, range } from './options.ts';
import type { TorchBuilder } from './torch-builder.ts';

export interface DenseNetOptions extends NetworkOptions {
  /** Layers of each dense block. */
  readonly blocks: readonly number[];
  /** Channels each layer adds; default 32. */
  readonly growth?: number;
  /** Channels of the stem; default 64. */
  readonly stemChannels?: number;
  /** Channels of a layer's 1x1 convolution as a multiple of the growth; default 4. */
  readonly bottleneck?: number;
}

/** DenseNet-BC (Huang et al., arXiv:1608.06993). */
export function densenet(options: DenseNetOptions): Graph {
  const { blocks, growth = 32, stemChannels = 64, bottleneck = 4 } = options;
  return network('densenet', options, (torch, classes) => {
    let x = torch.convBnRelu(torch.input, stemChannels, { kernel: 7, stride: 2, padding: 3 });
    x = torch.maxPool(x, 3, { stride: 2, padding: 1 });
    for (const [block, layers] of blocks.entries()) {
      const features = [x];
      for (const layer of range(layers)) {
        torch.scope(`denseblock${block + 1}.denselayer${layer + 1}`, () => {
          let y = torch.relu(torch.batchNorm(joined(torch, features)));
          y = torch.convBnRelu(y, bottleneck * growth);
          features.push(torch.conv(y, growth, { kernel: 3, padding: 1, bias: false }));
        });
      }
      x = joined(torch, features);
      if (block === blocks.length - 1) break;
      x = torch.scope(`transition${block + 1}`, () => {
        const y = torch.relu(torch.batchNorm(x));
        const halved = torch.conv(y, Math.floor(y.shape[1]! / 2), { bias: false });
        return torch.avgPool(halved, 2);
      });
    }
    x = torch.relu(torch.batchNorm(x));
    return torch.linear(torch.flatten(torch.globalAvgPool(x)), classes);
  });
}

function joined(torch: TorchBuilder, features: readonly ShapedTensor[]): ShapedTensor {
  return features.length === 1 ? features[0]! : torch.concat(features, 1);
}
