import { normalizeAxis, type Shape } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { mapCoordinates, stridesOf } from './indices.ts';
import type { Evaluator } from './table.ts';

/** Position of coordinates in a dense tensor; undefined outside of it. */
function positionOf(shape: Shape, coordinates: readonly number[]): number | undefined {
  const strides = stridesOf(shape);
  let position = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    const at = coordinates[axis]!;
    if (!(at >= 0 && at < shape[axis]!)) return undefined;
    position += at * strides[axis]!;
  }
  return position;
}

/** An index counted from the end where it is negative. */
function fromStart(index: number, extent: number): number {
  return index < 0 ? index + extent : index;
}

const gatherElements: Evaluator = (call, [output]) => {
  const shape = call.shape(0);
  const axis = call.axis(shape.length, 0);
  const indices = call.values(1);
  let next = 0;
  return [
    mapCoordinates(output!, (coordinates) => {
      const at = coordinates.with(axis, fromStart(indices[next++]!, shape[axis]!));
      return call.values(0)[positionOf(shape, at) ?? -1] ?? 0;
    }),
  ];
};

/** The last axis of the indices addresses the axes behind the batch axes. */
const gatherND: Evaluator = (call, [output]) => {
  const shape = call.shape(0);
  const indexShape = call.shape(1);
  const batch = call.int('batch_dims', 0);
  const tuple = indexShape.at(-1) ?? 0;
  const leading = indexShape.length - 1;
  return [
    mapCoordinates(output!, (coordinates) => {
      const start = positionOf(indexShape, [...coordinates.slice(0, leading), 0]) ?? 0;
      const address = call
        .values(1)
        .slice(start, start + tuple)
        .map((index, axis) => fromStart(index, shape[batch + axis]!));
      const at = [...coordinates.slice(0, batch), ...address, ...coordinates.slice(leading)];
      return call.values(0)[positionOf(shape, at) ?? -1] ?? 0;
    }),
  ];
};

const REDUCTIONS: Readonly<Record<string, (old: number, given: number) => number>> = {
  none: (_, given) => given,
  add: (old, given) => old + given,
  mul: (old, given) => old * given,
  max: Math.max,
  min: Math.min,
};

/** Writes updates into a copy of the first input, each where `place` says. */
function scattering(
  place: (call: Call) => (coordinates: readonly number[], next: number) => readonly number[],
): Evaluator {
  return (call) => {
    const shape = call.shape(0);
    const result = [...call.values(0)];
    const reduce = REDUCTIONS[call.string('reduction', 'none')] ?? REDUCTIONS.none!;
    const placeOf = place(call);
    let next = 0;
    mapCoordinates(call.shape(2), (coordinates) => {
      const position = positionOf(shape, placeOf(coordinates, next));
      if (position !== undefined)
        result[position] = reduce(result[position]!, call.values(2)[next]!);
      next++;
    });
    return [result];
  };
}

const scatterElements = scattering((call) => {
  const shape = call.shape(0);
  const axis = call.axis(shape.length, 0);
  return (coordinates, next) =>
    coordinates.with(axis, fromStart(call.values(1)[next]!, shape[axis]!));
});

const scatterND = scattering((call) => {
  const shape = call.shape(0);
  const indexShape = call.shape(1);
  const tuple = indexShape.at(-1) ?? 0;
  const leading = indexShape.length - 1;
  return (coordinates) => {
    const start = positionOf(indexShape, [...coordinates.slice(0, leading), 0]) ?? 0;
    const address = call.values(1).slice(start, start + tuple);
    return [
      ...address.map((index, axis) => fromStart(index, shape[axis]!)),
      ...coordinates.slice(leading),
    ];
  };
});

/** Inputs: indices, depth, and the values for off and on. */
const oneHot: Evaluator = (call, [output]) => {
  const axis = normalizeAxis(call.int('axis', -1), output!.length);
  const [off, on] = call.values(2) as [number, number];
  const depth = output![axis]!;
  return [
    mapCoordinates(output!, (coordinates) => {
      const position = positionOf(call.shape(0), coordinates.toSpliced(axis, 1)) ?? 0;
      return fromStart(call.values(0)[position]!, depth) === coordinates[axis] ? on : off;
    }),
  ];
};

/** Keeps the upper or lower triangle of the last two axes. */
const trilu: Evaluator = (call, [output]) => {
  const offset = call.has(1) ? call.scalar(1) : 0;
  const isUpper = call.int('upper', 1) !== 0;
  let next = 0;
  return [
    mapCoordinates(output!, (coordinates) => {
      const value = call.values(0)[next++]!;
      const distance = coordinates.at(-1)! - coordinates.at(-2)! - offset;
      return (isUpper ? distance >= 0 : distance <= 0) ? value : 0;
    }),
  ];
};

const eyeLike: Evaluator = (call, [output]) => {
  const offset = call.int('k', 0);
  return [mapCoordinates(output!, ([row, column]) => Number(column! - row! === offset))];
};

const compress: Evaluator = (call, [output]) => {
  const shape = call.shape(0);
  const kept = call.values(1).flatMap((selected, index) => (selected === 0 ? [] : [index]));
  if (call.attribute('axis') === undefined) return [kept.map((index) => call.values(0)[index]!)];
  const axis = call.axis(shape.length, 0);
  return [
    mapCoordinates(output!, (coordinates) => {
      const at = coordinates.with(axis, kept[coordinates[axis]!]!);
      return call.values(0)[positionOf(shape, at) ?? -1] ?? 0;
    }),
  ];
};

/** Where an element of a padded axis comes from, by mode; undefined for the constant. */
const PADDED: Readonly<Record<string, (at: number, extent: number) => number | undefined>> = {
  constant: (at, extent) => (at >= 0 && at < extent ? at : undefined),
  edge: (at, extent) => Math.min(Math.max(at, 0), extent - 1),
  reflect: (at, extent) => {
    const period = 2 * Math.max(extent - 1, 1);
    const within = ((at % period) + period) % period;
    return within < extent ? within : period - within;
  },
  wrap: (at, extent) => ((at % extent) + extent) % extent,
};

const pad: Evaluator = (call, [output]) => {
  const shape = call.shape(0);
  const given = call.intsOrInput('pads', 1) ?? [];
  const axes = call.has(3)
    ? call.values(3).map((axis) => normalizeAxis(axis, shape.length))
    : shape.map((_, axis) => axis);
  const begins = shape.map((_, axis) => given[axes.indexOf(axis)] ?? 0);
  const source = PADDED[call.string('mode', 'constant')] ?? PADDED.constant!;
  const fill = call.has(2) ? call.scalar(2) : call.float('value', 0);
  return [
    mapCoordinates(output!, (coordinates) => {
      const at = coordinates.map(
        (place, axis) => source(place - begins[axis]!, shape[axis]!) ?? -1,
      );
      const position = positionOf(shape, at);
      return position === undefined ? fill : call.values(0)[position]!;
    }),
  ];
};

export const indexingEvaluators: Readonly<Record<string, Evaluator>> = {
  GatherElements: gatherElements,
  GatherND: gatherND,
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  OneHot: oneHot,
  Trilu: trilu,
  EyeLike: eyeLike,
  Compress: compress,
  Pad: pad,
};
