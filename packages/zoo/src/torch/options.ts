import type { Graph, Shape, ShapedTensor } from '@nnmeter/ir';
import { type BatchNormMode, TorchBuilder } from './torch-builder.ts';

/** What every torchvision builder takes. */
export interface NetworkOptions {
  /** Name of the graph; default: the family. */
  readonly name?: string;
  /** [batch, channels, height, width]; default [1, 3, 224, 224]. */
  readonly inputShape?: Shape;
  /** Number of classes; default 1000. */
  readonly classes?: number;
  /** `fold` (default): as exported for inference; `keep`: one node per batch normalization. */
  readonly batchNorm?: BatchNormMode;
}

/** Runs a builder's body on a fresh TorchBuilder and closes the graph. */
export function network(
  family: string,
  options: NetworkOptions,
  body: (torch: TorchBuilder, classes: number) => ShapedTensor,
): Graph {
  const {
    name = family,
    inputShape = [1, 3, 224, 224],
    classes = 1000,
    batchNorm = 'fold',
  } = options;
  const torch = new TorchBuilder(name, inputShape, batchNorm);
  return torch.finish(body(torch, classes));
}

/** Rounds channels to a multiple of `divisor`, never losing more than 10 %: the MobileNet rule. */
export function makeDivisible(value: number, divisor = 8): number {
  const rounded = Math.max(divisor, Math.floor((value + divisor / 2) / divisor) * divisor);
  return rounded < 0.9 * value ? rounded + divisor : rounded;
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
