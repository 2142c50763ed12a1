import type { Graph } from '@nnmeter/ir';
import { bytesMoved, type KernelDescription, macsOf } from '@nnmeter/latency-model';
import { buildModel } from '@nnmeter/zoo';
import { kernelsOf, type Measured } from './scaled-device.ts';

/** A device of our own: the start of each kernel, its work and its traffic, one after the other. */
export const INVENTED = { launchMs: 0.01, macsPerMs: 5e6, bytesPerMs: 2e6 } as const;
export const INVENTED_RULES = { fuse: { BF_conv_bn: true, BF_conv_relu: true } };

const latencyOf = (kernel: KernelDescription): number =>
  INVENTED.launchMs +
  macsOf(kernel) / INVENTED.macsPerMs +
  bytesMoved(kernel, 4) / INVENTED.bytesPerMs;

const NETWORKS = [
  ...['alexnet', 'googlenet', 'mnasnet0_5', 'mnasnet1_0', 'mobilenet_v2', 'mobilenet_v3_small'],
  ...['resnet18', 'resnet34', 'shufflenet_v2_x0_5', 'shufflenet_v2_x1_0', 'squeezenet1_0'],
  ...['squeezenet1_1', 'vgg11', 'vgg13_bn', 'densenet121'],
];
const SIDES = [96, 128, 160, 192, 224];

/** Networks of the zoo in five sizes, with what they take on the invented device. */
export function measureZoo(): Measured & { readonly graphs: readonly Graph[] } {
  const ids: string[] = [];
  const graphs: Graph[] = [];
  for (const network of NETWORKS) {
    for (const side of SIDES) {
      ids.push(`${network.replaceAll('_', '')}_${side}`);
      graphs.push(buildModel(network, { inputShape: [1, 3, side, side] }));
    }
  }
  const set = kernelsOf(graphs, INVENTED_RULES, 'cpu');
  const measured = Float64Array.from(ids, (_, model) => {
    let total = 0;
    for (let entry = set.modelStart[model]!; entry < set.modelStart[model + 1]!; entry++)
      total += set.uses[entry]! * latencyOf(set.kernels[set.kernelIndex[entry]!]!);
    return total;
  });
  return { ids, graphs, set, measured };
}
