import { type Call, type Rule, Unknown } from '../call.ts';
import type { Value } from '../value.ts';
import type { Row } from './row.ts';
import { sameShape } from './shapes.ts';

/** Rows of a layer's weights for each of its hidden values. */
const GATES = { lstm: 4, gru: 3, rnn: 1 };

/** Layers on each other, each with all its steps; their results have the directions side by side. */
const recurrent =
  (op: 'lstm' | 'gru' | 'rnn'): Rule =>
  (call) => {
    const input = call.tensor('input');
    const weights = call.tensors('params').filter((weight) => weight !== undefined);
    const hiddenSize = weights[1]?.shape?.at(-1);
    const directions = call.flag('bidirectional') ? 2 : 1;
    const layers = call.integer('num_layers');
    const perLayer = weights.length / (layers * directions);
    const shape = input.shape;
    if (hiddenSize === undefined || shape?.length !== 3 || !Number.isInteger(perLayer)) {
      return call.custom();
    }
    const isProjected = weights[0]?.shape?.[0] !== GATES[op] * hiddenSize;
    if (isProjected) return call.custom();
    const batchFirst = call.flag('batch_first');
    const attributes = { hiddenSize, directions, ...(batchFirst && { batchFirst }) };
    const features = [...shape.slice(0, 2), directions * hiddenSize];
    let value = input;
    for (let layer = 0; layer < layers; layer++) {
      const start = layer * perLayer * directions;
      const own = Array.from({ length: perLayer }, (_, role) =>
        Array.from({ length: directions }, (_, side) => weights[start + side * perLayer + role]!),
      );
      const states = call.step(op, attributes, [value, ...own.map((each) => stacked(call, each))]);
      value = layer < layers - 1 ? call.step('reshape', { shape: features }, [states]) : states;
    }
    call.finish('reshape', { shape: features }, [value]);
  };

/** One step of a layer, whose result (for LSTM: both states) is the new state. */
const cell =
  (op: 'lstm' | 'gru' | 'rnn'): Rule =>
  (call) => {
    const weights = [call.tensor('w_ih'), call.tensor('w_hh')];
    const hiddenSize = weights[1]!.shape?.at(-1);
    const shape = call.shape('input');
    if (hiddenSize === undefined || shape.length !== 2) return call.custom();
    const sequence = call.step('reshape', { shape: [1, ...shape] }, [call.tensor('input')]);
    const states = op === 'lstm' ? call.tensors('hx') : [call.tensor('hx')];
    const operands = [sequence, ...weights, ...states].filter((each) => each !== undefined);
    const state = call.step(op, { hiddenSize, directions: 1 }, operands);
    const reshape = { op: 'reshape', attributes: { shape: call.result() } } as const;
    call.finishEach(
      states.map(() => state),
      states.map(() => reshape),
    );
  };

/** The weights of both directions are one tensor, as in ONNX. */
function stacked(call: Call, weights: readonly Value[]): Value {
  const shape = weights[0]?.shape;
  const isAlike = shape !== undefined && weights.every((weight) => sameShape(shape, weight.shape));
  if (!isAlike || weights.some(({ kind }) => kind !== 'constant')) throw new Unknown();
  return weights.length === 1 ? weights[0]! : call.extra([weights.length, ...shape]);
}

const RECURRENT =
  'input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first';

const CELL = 'input, hx, w_ih, w_hh, b_ih=None, b_hh=None';

export const recurrentRows: readonly Row[] = [
  [`lstm(${RECURRENT})`, recurrent('lstm')],
  [`gru(${RECURRENT})`, recurrent('gru')],
  [`rnn_tanh(${RECURRENT})`, recurrent('rnn')],
  [`rnn_relu(${RECURRENT})`, recurrent('rnn')],
  [`lstm_cell(${CELL})`, cell('lstm')],
  [`gru_cell(${CELL})`, cell('gru')],
  [`rnn_tanh_cell(${CELL})`, cell('rnn')],
  [`rnn_relu_cell(${CELL})`, cell('rnn')],
];
