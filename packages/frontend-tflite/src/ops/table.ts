import { constantOps } from './constants.ts';
import { convolutionOps, customConvolutionOps } from './convolution.ts';
import { customDetectionOps, detectionOps } from './detection.ts';
import { elementwiseOps } from './elementwise.ts';
import { indexingOps } from './indexing.ts';
import { matrixOps } from './matrix.ts';
import { customMovementOps, movementOps } from './movement.ts';
import { customPoolingOps, poolingOps } from './pooling.ts';
import { quantizationOps } from './quantization.ts';
import { recurrentOps } from './recurrent.ts';
import type { TfLiteOp } from './rule.ts';
import { subgraphOps } from './subgraphs.ts';

const byName = (...lists: readonly (readonly TfLiteOp[])[]) =>
  new Map(lists.flat().map((known) => [known.op, known]));

const builtin = byName(
  constantOps,
  convolutionOps,
  detectionOps,
  elementwiseOps,
  indexingOps,
  matrixOps,
  movementOps,
  poolingOps,
  quantizationOps,
  recurrentOps,
  subgraphOps,
);

const custom = byName(
  customConvolutionOps,
  customDetectionOps,
  customMovementOps,
  customPoolingOps,
);

/** What is known of an operator. */
export function rowOf(operator: {
  readonly op: string;
  readonly isCustom: boolean;
}): TfLiteOp | undefined {
  return (operator.isCustom ? custom : builtin).get(operator.op);
}

/** Every operator with shape inference, sorted. */
export function supportedTfLiteOps(): readonly string[] {
  return [...builtin.keys(), ...custom.keys()].sort();
}
