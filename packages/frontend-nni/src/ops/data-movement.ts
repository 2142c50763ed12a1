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
  const stated = integer(call.parameters.dim, call.parameters.axis, call.arguments.get(position));
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
  const dims = [parameters.dims, args.get(1)].find(Array.isArray) as unknown[] | undefined;
  return transposition(
    dims?.map((axis) => fromFront(integer(axis) ?? Number.NaN, rank)),
    rank,
  );
};

/** aten::transpose swaps two axes; aten::t the only two. */
export const swap: Rule = ({ inputs, parameters, arguments: args }) => {
  const rank = inputs[0]?.length ?? 0;
  const first = fromFront(integer(parameters.dim0, args.get(1)) ?? 0, rank);
  const second = fromFront(integer(parameters.dim1, args.get(2)) ?? 1, rank);
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

/** aten::select takes one index of an axis, and drops the axis. */
export const select: Rule = ({ inputs: [input], parameters, arguments: args }) => {
  const axis = fromFront(integer(parameters.dim, args.get(1)) ?? 0, input?.length ?? 0);
  if (axis === undefined) return undefined;
  const index = integer(parameters.index, args.get(2));
  const values = index === undefined ? undefined : [index];
  return {
    op: 'gather',
    attributes: { axis },
    constants: [{ name: 'index', shape: [], dataType: 'int64', ...(values && { values }) }],
  };
};

/**
 * aten::slice, and the slices that NNI merges into one (MergedSlice): axis, start, end and step, for each axis; where they
 * are not known, the shapes tell how much is left.
 */
export const slice: Rule = ({ inputs: [input], outputs: [output], arguments: args }) => {
  if (input === undefined) return undefined;
  const cuts = statedCuts(input, args) ?? cutsBetween(input, output);
  if (cuts === undefined) return undefined;
  if (cuts.length === 0) return { op: 'identity', attributes: {} };
  return {
    op: 'slice',
    attributes: {
      starts: cuts.map(({ start }) => start),
      ends: cuts.map(({ end }) => end),
      axes: cuts.map(({ axis }) => axis),
      steps: cuts.map(({ step }) => step),
    },
  };
};

/** What a slice leaves of an axis. */
interface Cut {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** In fours: axis, start, end, step; null is from the start, to the end. Undefined unless all are numbers. */
function statedCuts(input: Shape, args: ReadonlyMap<number, unknown>): Cut[] | undefined {
  const cuts: Cut[] = [];
  for (let at = 1; at === 1 || args.has(at); at += 4) {
    const axis = fromFront(integer(args.get(at)) ?? Number.NaN, input.length);
    if (axis === undefined) return undefined;
    const extent = input[axis]!;
    const bound = (value: unknown, otherwise: number): number => {
      const stated = value === null ? otherwise : (integer(value) ?? Number.NaN);
      return Math.min(Math.max(stated < 0 ? stated + extent : stated, 0), extent);
    };
    const [start, end] = [bound(args.get(at + 1), 0), bound(args.get(at + 2), extent)];
    const step = integer(args.get(at + 3));
    if (Number.isNaN(start + end) || step === undefined || step < 1) return undefined;
    if (start > 0 || end < extent || step > 1) cuts.push({ axis, start, end, step });
  }
  return cuts;
}

function cutsBetween(input: Shape, output: Shape | undefined): Cut[] | undefined {
  if (input.length !== output?.length) return undefined;
  return input.flatMap((extent, axis) =>
    extent === output[axis] ? [] : [{ axis, start: 0, end: output[axis]!, step: 1 }],
  );
}

export const pad: Rule = ({ inputs, outputs }) => {
  const [input, output] = [inputs[0], outputs[0]];
  if (input === undefined || input.length !== output?.length) return undefined;
  const total = input.map((dimension, axis) => output[axis]! - dimension);
  if (total.some((extent) => extent < 0)) return undefined;
  const begins = total.map((extent) => Math.floor(extent / 2));
  const pads = [...begins, ...total.map((extent, axis) => extent - begins[axis]!)];
  return { op: 'pad', attributes: { pads, mode: 'constant' } };
};
