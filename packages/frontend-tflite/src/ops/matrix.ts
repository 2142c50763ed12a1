import { elementCount, type Shape } from '@nnmeter/ir';
import { type Call, knownShape } from '../call.ts';
import type { Value } from '../value.ts';
import { activated } from './activation.ts';
import { row, type TfLiteOp } from './rule.ts';

/** A product with a matrix [out, in] over the last axis. */
export function dense(call: Call, x: Value, matrix: Value, bias?: Value): Value {
  const isWeight = matrix.kind === 'constant';
  if (isWeight) matrix.layout = 'OI';
  const attributes = { transposeA: false, transposeB: true };
  return call.one(isWeight ? 'fc' : 'matmul', attributes, [x, matrix, bias]);
}

/** Inputs: values, matrix [out, in], bias. Without `keepsAxes` the values are taken as rows of `in`. */
function fullyConnected(call: Call, keepsAxes: boolean): Value {
  const shape = call.shape(0);
  const features = call.shape(1).at(-1) ?? 1;
  const isMatrix = shape.length === 2 && shape[1] === features;
  const rows: Shape = [elementCount(shape) / features, features];
  const x = keepsAxes || isMatrix ? call.input(0) : call.reshape(call.input(0), rows);
  return dense(call, x, call.input(1), call.inputs[2]);
}

export const matrixOps: readonly TfLiteOp[] = [
  row('FULLY_CONNECTED', (call, { activation, keepsAxes }) =>
    activated(call, fullyConnected(call, keepsAxes), activation),
  ),
  row('BATCH_MATMUL', (call, transposes) => {
    const b = call.input(1);
    const isWeight = b.kind === 'constant' && knownShape(b).length === 2;
    if (isWeight) b.layout = transposes.transposeB ? 'OI' : 'IO';
    return [call.one(isWeight ? 'fc' : 'matmul', { ...transposes }, [call.input(0), b])];
  }),
];
