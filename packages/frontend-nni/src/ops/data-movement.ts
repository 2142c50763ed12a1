import type { Shape } from '@nnmeter/ir';
import {
  type Call,
  differingAxis,
  fromFront,
  integer,
  type Operation,
  type Rule,
} from '../call.ts';

/** aten::cat, aten::split, aten::chunk: the axis along which the shapes differ, if it is not stated. */
const axisOf = (call: Call, position: number): number | undefined => {
  const [input, output] = [call.inputs[0], call.outputs[0]];
  if (input === undefined || output === undefined) return undefined;
  const stated = integer(call.parameters.dim, call.parameters.axis, call.arguments[position]);
  return stated === undefined
    ? (differingAxis(input, output) ?? fromFront(1, output.length))
    : fromFront(stated, output.length);
};

export const concat: Rule = (call) => {
  const axis = axisOf(call, 1);
  return axis === undefined ? undefined : { op: 'concat', attributes: { axis } };
};

export const split: Rule = (call) => {
  const axis = axisOf(call, 2);
  if (axis === undefined) return undefined;
  const sizes = call.outputs.map((shape) => shape[axis] ?? 0);
  return { op: 'split', attributes: { axis, sizes } };
};

export const reshape: Rule = ({ outputs }) =>
  outputs[0] && { op: 'reshape', attributes: { shape: outputs[0] } };

export const permute: Rule = ({ inputs, parameters, arguments: args }) => {
  const rank = inputs[0]?.length ?? 0;
  const dims = [parameters.dims, args[1]].find(Array.isArray) as unknown[] | undefined;
  return transposition(
    dims?.map((axis) => fromFront(integer(axis) ?? Number.NaN, rank)),
    rank,
  );
};

/** aten::transpose swaps two axes; aten::t the only two. */
export const swap: Rule = ({ inputs, parameters, arguments: args }) => {
  const rank = inputs[0]?.length ?? 0;
  const first = fromFront(integer(parameters.dim0, args[1]) ?? 0, rank);
  const second = fromFront(integer(parameters.dim1, args[2]) ?? 1, rank);
  const perm = Array.from({ length: rank }, (_, axis) =>
    axis === first ? second : axis === second ? first : axis,
  );
  return transposition(perm, rank);
};

function transposition(
  perm: readonly (number | undefined)[] | undefined,
  rank: number,
): Operation | undefined {
  const isPermutation = perm?.length === rank && new Set(perm).size === rank;
  if (!isPermutation || perm.includes(undefined)) return undefined;
  return { op: 'transpose', attributes: { perm: perm as readonly number[] } };
}

export const slice: Rule = ({ inputs, outputs }) => {
  const [input, output] = [inputs[0], outputs[0]];
  if (input === undefined || input.length !== output?.length) return undefined;
  const axes = axesThat(input, output);
  const ends = axes.map((axis) => output[axis]!);
  const attributes = { starts: axes.map(() => 0), ends, axes, steps: axes.map(() => 1) };
  return { op: 'slice', attributes };
};

export const pad: Rule = ({ inputs, outputs }) => {
  const [input, output] = [inputs[0], outputs[0]];
  if (input === undefined || input.length !== output?.length) return undefined;
  const total = input.map((dimension, axis) => output[axis]! - dimension);
  if (total.some((extent) => extent < 0)) return undefined;
  const begins = total.map((extent) => Math.floor(extent / 2));
  const pads = [...begins, ...total.map((extent, axis) => extent - begins[axis]!)];
  return { op: 'pad', attributes: { pads, mode: 'constant' } };
};

function axesThat(input: Shape, output: Shape): number[] {
  return input.flatMap((dimension, axis) => (dimension === output[axis] ? [] : [axis]));
}
