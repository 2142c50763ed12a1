import { elementCount, type Shape } from '@nnmeter/ir';
import { type Call, knownShape } from '../call.ts';
import type { Value } from '../value.ts';
import { dense } from './matrix.ts';
import { plain, row, type TfLiteOp } from './rule.ts';

interface Layer {
  readonly op: 'lstm' | 'rnn';
  readonly hiddenSize: number;
  readonly directions: 1 | 2;
  readonly timeMajor: boolean;
  /** Places of the operands that are weights and biases. */
  readonly weights: readonly number[];
}

/** A layer over a sequence; its result is [first, second, directions, hidden], or with time first [steps, directions, ...]. */
function layer(call: Call, sequence: Value, { op, timeMajor, weights, ...sizes }: Layer): Value {
  const operands = weights.flatMap((index) => call.inputs[index] ?? []);
  const attributes = { ...sizes, ...(!timeMajor && { batchFirst: true }) };
  return call.one(op, attributes, [sequence, ...operands.slice(0, 7)]);
}

function places(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index);
}

/** A layer's result [..., hidden] of one direction, through its projection [out, hidden] if it has one. */
function projected(call: Call, all: Value, shape: Shape, projection: number): Value {
  const result = call.reshape(all, shape);
  const matrix = call.inputs[projection];
  return matrix === undefined ? result : dense(call, result, matrix, call.inputs[projection + 1]);
}

/**
 * Inputs: sequence, four matrices of the input, four of the state, three of the cell, four biases, a projection. Without an
 * input gate it computes three gates, and is counted as four.
 */
function sequenceLstm(call: Call, timeMajor: boolean): readonly Value[] {
  const [first = 1, second = 1] = call.shape(0);
  const [hiddenSize = 1] = call.shape(2);
  const weights = places(1, 16);
  const all = layer(call, call.input(0), {
    ...{ op: 'lstm', hiddenSize, directions: 1, timeMajor, weights },
  });
  return [projected(call, all, [first, second, hiddenSize], 16)];
}

/** One step. The basic kernel has all weights in one matrix, and three more results. */
function lstmStep(call: Call, isBasic: boolean): readonly Value[] {
  const [batch = 1, features = 1] = call.shape(0);
  const hiddenSize = isBasic ? call.shape(2)[0]! / 4 : call.shape(2)[0]!;
  const step = call.reshape(call.input(0), [1, batch, features]);
  const weights = isBasic ? [2, 3] : places(1, 16);
  const all = layer(call, step, {
    op: 'lstm',
    hiddenSize,
    directions: 1,
    timeMajor: true,
    weights,
  });
  const result = isBasic
    ? call.reshape(all, [batch, hiddenSize])
    : projected(call, all, [batch, hiddenSize], 16);
  return call.stated.map((_, slot) => (slot === 0 ? result : call.one('identity', {}, [result])));
}

/** Both directions of a layer, as two results or joined at the features. */
function bothDirections(call: Call, parameters: Layer, mergesOutputs: boolean): readonly Value[] {
  const { timeMajor, hiddenSize } = parameters;
  const [first = 1, second = 1] = call.shape(0);
  const all = layer(call, call.input(0), parameters);
  const axis = timeMajor ? 1 : 2;
  const parts = call.emit('split', { axis, sizes: [1, 1] }, [all]);
  const directions = parts.map((part) => call.reshape(part, [first, second, hiddenSize]));
  if (!mergesOutputs) return directions;
  if (!timeMajor) return [call.reshape(all, [first, second, 2 * hiddenSize])];
  return [call.one('concat', { axis: 2 }, directions)];
}

/** Inputs: sequence, matrix [hidden, in], matrix of the state, bias. */
function sequenceRnn(call: Call, timeMajor: boolean): readonly Value[] {
  const [first = 1, second = 1] = call.shape(0);
  const [hiddenSize = 1] = call.shape(1);
  const weights = places(1, 4);
  const all = layer(call, call.input(0), {
    ...{ op: 'rnn', hiddenSize, directions: 1, timeMajor, weights },
  });
  return [call.reshape(all, [first, second, hiddenSize])];
}

function rnnStep(call: Call): readonly Value[] {
  const [batch = 1, features = 1] = call.shape(0);
  const [hiddenSize = 1] = call.shape(1);
  const step = call.reshape(call.input(0), [1, batch, features]);
  const weights = places(1, 4);
  const all = layer(call, step, { op: 'rnn', hiddenSize, directions: 1, timeMajor: true, weights });
  return [call.reshape(all, [batch, hiddenSize])];
}

/**
 * A dense layer, whose last results are then weighted over time. Inputs: values, matrix [filters, in], weights over time
 * [filters, steps], bias; `rank` filters give one result.
 */
function svdf(call: Call, rank: number): readonly Value[] {
  const features = dense(call, call.input(0), call.input(1));
  const [batch = 1, filters = 1] = knownShape(features);
  const column = call.reshape(features, [batch, filters, 1]);
  const weighted = call.one('mul', {}, [column, call.input(2)]);
  const summed = call.one('reducesum', { axes: [2], keepDims: false }, [weighted]);
  if (rank <= 1) return [summed];
  const ranks = call.reshape(summed, [batch, elementCount([filters]) / rank, rank]);
  return [call.one('reducesum', { axes: [2], keepDims: false }, [ranks])];
}

export const recurrentOps: readonly TfLiteOp[] = [
  row('UNIDIRECTIONAL_SEQUENCE_LSTM', (call, { timeMajor }) => sequenceLstm(call, timeMajor)),
  row('BIDIRECTIONAL_SEQUENCE_LSTM', (call, { timeMajor, mergesOutputs }) => {
    const weights = [...places(1, 16), ...places(18, 33)];
    const hiddenSize = call.shape(2)[0]!;
    const parameters = { op: 'lstm', hiddenSize, directions: 2, timeMajor, weights } as const;
    return bothDirections(call, parameters, mergesOutputs);
  }),
  row('LSTM', (call, { kernel }) => lstmStep(call, kernel === 1)),
  row('UNIDIRECTIONAL_SEQUENCE_RNN', (call, { timeMajor }) => sequenceRnn(call, timeMajor)),
  row('BIDIRECTIONAL_SEQUENCE_RNN', (call, { timeMajor, mergesOutputs }) => {
    const weights = [...places(1, 4), ...places(5, 8)];
    const hiddenSize = call.shape(1)[0]!;
    const parameters = { op: 'rnn', hiddenSize, directions: 2, timeMajor, weights } as const;
    return bothDirections(call, parameters, mergesOutputs);
  }),
  plain('RNN', rnnStep),
  row('SVDF', (call, { rank }) => svdf(call, rank)),
];
