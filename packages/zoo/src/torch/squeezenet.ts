import type { Graph, ShapedTensor } from '@nnmeter/ir';
import { type NetworkOptions, network } from './options.ts';
import type { TorchBuilder } from './torch-builder.ts';

export interface SqueezeNetOptions extends NetworkOptions {
  /** Kernel side and channels of the first convolution, of stride 2. */
  readonly stem: { readonly kernel: number; readonly channels: number };
  /** Per stage the widths of its fire modules, [squeeze, expand 1x1, expand 3x3]; max pooling starts a stage. */
  readonly stages: readonly (readonly (readonly [number, number, number])[])[];
}

/** SqueezeNet (Iandola et al., arXiv:1602.07360). */
export function squeezenet(options: SqueezeNetOptions): Graph {
  const { stem, stages } = options;
  return network('squeezenet', options, (torch, classes) => {
    let x = torch.relu(torch.conv(torch.input, stem.channels, { kernel: stem.kernel, stride: 2 }));
    for (const [stage, fires] of stages.entries()) {
      x = torch.maxPool(x, 3, { stride: 2, ceilMode: true });
      for (const [index, widths] of fires.entries()) {
        x = torch.scope(`stage${stage + 1}.fire${index + 1}`, () => fire(torch, x, widths));
      }
    }
    return torch.flatten(torch.globalAvgPool(torch.relu(torch.conv(x, classes))));
  });
}

function fire(
  torch: TorchBuilder,
  x: ShapedTensor,
  [squeeze, expand1x1, expand3x3]: readonly [number, number, number],
): ShapedTensor {
  const squeezed = torch.relu(torch.conv(x, squeeze));
  const left = torch.relu(torch.conv(squeezed, expand1x1));
  const right = torch.relu(torch.conv(squeezed, expand3x3, { kernel: 3, padding: 1 }));
  return torch.concat([left, right], 1);
}
