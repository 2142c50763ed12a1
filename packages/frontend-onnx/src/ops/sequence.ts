import { concatShapes, NnMeterError, quote } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { dataTypeOf } from '../data-types.ts';
import { type Entry, looseEntry, Unknown } from '../entry.ts';
import {
  alias,
  computation,
  constant,
  type Outcome,
  type Row,
  type Rule,
  shaped,
} from '../outcome.ts';

/** Each part of a split becomes a tensor of its own; exporters split images, texts and channels. */
const MAX_PARTS = 10_000;

/** Sequences of tensors are followed element by element, so that only the work on their elements remains. */
function elementsOf(call: Call, index: number): readonly Entry[] {
  const entry = call.input(index);
  if (entry.elements === undefined) {
    throw new Unknown(`the tensors of the sequence ${quote(entry.name)} are not known`);
  }
  return entry.elements;
}

function sequence(elements: readonly Entry[], dataType: Entry['dataType']): Outcome {
  return alias(looseEntry('', dataType, undefined, elements));
}

function position(call: Call, index: number, length: number, otherwise: number): number {
  const given = call.has(index) ? call.scalar(index) : otherwise;
  const normalized = given < 0 ? given + length : given;
  if (normalized < 0 || normalized >= Math.max(length, otherwise + 1)) {
    throw new NnMeterError('E_SHAPE', `position ${given} is outside a sequence of ${length}`);
  }
  return normalized;
}

const construct: Rule = (call) =>
  sequence(
    call.inputs.map((_, index) => call.input(index)),
    call.dataType(0),
  );

const empty: Rule = (call) => sequence([], dataTypeOf(call.int('dtype', 1)));

const insert: Rule = (call) => {
  const elements = elementsOf(call, 0);
  const at = position(call, 2, elements.length + 1, elements.length);
  return sequence(elements.toSpliced(at, 0, call.input(1)), call.dataType(1));
};

const at: Rule = (call) => {
  const elements = elementsOf(call, 0);
  return alias(elements[position(call, 1, elements.length, -1)]!);
};

const length: Rule = (call) => constant('int64', [], [elementsOf(call, 0).length]);

const concatenate: Rule = (call) => {
  const operands = elementsOf(call, 0);
  const shapes = operands.map((entry) => entry.requireShape());
  const isNewAxis = call.int('new_axis', 0) !== 0;
  const rank = (shapes[0]?.length ?? 0) + (isNewAxis ? 1 : 0);
  const axis = call.axis(rank, 0);
  const parts = isNewAxis ? shapes.map((shape) => shape.toSpliced(axis, 0, 1)) : shapes;
  return shaped('concat', { axis }, [concatShapes(parts, axis)], {
    dataTypes: [operands[0]?.dataType],
    operands,
  });
};

const splitToSequence: Rule = (call) => {
  const input = call.shape(0);
  const axis = call.axis(input.length, 0);
  const extent = input[axis]!;
  const isScalar = call.has(1) && call.shape(1).length === 0;
  const step = call.has(1) ? call.scalar(1) : 1;
  if (step < 1) throw new NnMeterError('E_SHAPE', `parts of ${step} are not possible`);
  if (extent / step > MAX_PARTS) {
    throw new NnMeterError('E_LIMIT', `a sequence of more than ${MAX_PARTS} parts is not read`);
  }
  const equal = (): readonly number[] =>
    Array.from({ length: Math.ceil(extent / step) }, (_, index) =>
      Math.min(step, extent - index * step),
    );
  const sizes = call.has(1) && !isScalar ? call.values(1) : equal();
  const dropsAxis = !call.has(1) && call.int('keepdims', 1) === 0;
  return computation(
    'split',
    { axis, sizes },
    {
      shapes: dropsAxis ? sizes.map(() => input.toSpliced(axis, 1)) : undefined,
      inputs: [0],
      isSequence: true,
    },
  );
};

export const sequenceRows: readonly Row[] = [
  ['SequenceConstruct', '', 11, construct],
  ['SequenceEmpty', '', 11, empty],
  ['SequenceInsert', '', 11, insert],
  ['SequenceAt', '', 11, at],
  ['SequenceLength', '', 11, length],
  ['ConcatFromSequence', '', 11, concatenate],
  ['SplitToSequence', '', 11, splitToSequence],
];
