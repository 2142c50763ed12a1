import type { Op, Operation } from '@nnmeter/ir';
import { isOp } from '@nnmeter/ir';
import { readAttributes } from './attributes.ts';
import type { NodeContext } from './node-context.ts';
import { canonicalOp } from './op-names.ts';

/**
 * What a node of the format means: the op it states, if any; otherwise names with several meanings are settled by
 * operands, shapes and attributes.
 */
export function interpret(context: NodeContext, statedOp?: string): Operation {
  if (statedOp !== undefined && isOp(statedOp)) {
    return { op: statedOp, attributes: readAttributes(statedOp, context) } as Operation;
  }
  const op = settleOp(context);
  const found = { op, attributes: readAttributes(op, context) } as Operation;
  switch (found.op) {
    case 'conv': {
      const { group } = found.attributes;
      return group > 1 && group === context.inputs[0]?.at(-1) ? { ...found, op: 'dwconv' } : found;
    }
    case 'reducemean': {
      const global = context.inputs[0]?.length === 4 && found.attributes.axes.join() === '1,2';
      return global ? { ...found, op: 'gap' } : found;
    }
    case 'relu': {
      const { min = 0 } = found.attributes;
      return min === 0 ? found : { ...found, op: 'clip' };
    }
    default:
      return found;
  }
}

function settleOp(context: NodeContext): Op {
  const severalComputed = context.computedInputs > 1;
  switch (context.sourceOp.toLowerCase()) {
    case 'matmul':
    case 'gemm':
      return severalComputed ? 'matmul' : 'fc';
    case 'mean':
      return severalComputed ? 'custom' : 'reducemean';
    case 'sum':
      return severalComputed ? 'add' : 'reducesum';
    case 'max':
      return severalComputed ? 'max' : 'reducemax';
    case 'min':
      return severalComputed ? 'min' : 'reducemin';
    case 'clip':
      return 'relu';
    case 'slice':
      return context.outputs.length > 1 ? 'split' : 'slice';
    default:
      return canonicalOp(context.sourceOp);
  }
}
