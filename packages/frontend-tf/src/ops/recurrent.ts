import { node, type OpContext, type Rows } from './rule.ts';

/** One step of an LSTM: gates, states and results of the shape of the state, seven in all. */
function lstmStep(context: OpContext) {
  const state = context.shape(1);
  const shapes = new Array(7).fill(state);
  return node('lstm', { hiddenSize: state.at(-1)!, directions: 1 }, { operands: [0, 3], shapes });
}

/** All steps: the length, then a sequence [steps, batch, features]. */
function lstmSequence(context: OpContext) {
  const hiddenSize = context.shape(3).at(-1)!;
  const shapes = new Array(7).fill([...context.shape(1).slice(0, 2), hiddenSize]);
  return node('lstm', { hiddenSize, directions: 1 }, { operands: [1, 4], shapes });
}

function gruStep(context: OpContext) {
  const state = context.shape(1);
  const shapes = new Array(4).fill(state);
  return node('gru', { hiddenSize: state.at(-1)!, directions: 1 }, { operands: [0, 2, 3], shapes });
}

export const recurrentRows: Rows = [
  ['LSTMBlockCell', lstmStep],
  ['BlockLSTM BlockLSTMV2', lstmSequence],
  ['GRUBlockCell', gruStep],
];
