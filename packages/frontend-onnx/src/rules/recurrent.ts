import type { Shape } from '@nnmeter/ir';
import { computation, type Row, type Rule } from '../outcome.ts';

/** Input `[sequence, batch, features]`, or batch first with layout 1; all gates are in one weight tensor. */
function recurrent(op: 'lstm' | 'gru' | 'rnn'): Rule {
  return (call) => {
    const input = call.shape(0);
    const recurrence = call.shape(2);
    const hiddenSize = call.int('hidden_size', recurrence[2]!);
    const directions = call.string('direction', 'forward') === 'bidirectional' ? 2 : 1;
    const isBatchFirst = call.int('layout', 0) === 1;
    const [first, second] = input as [number, number, number];
    const all: Shape = isBatchFirst
      ? [first, second, directions, hiddenSize]
      : [first, directions, second, hiddenSize];
    const last: Shape = isBatchFirst
      ? [first, directions, hiddenSize]
      : [directions, second, hiddenSize];
    return computation(op, { hiddenSize, directions }, [all, last, last]);
  };
}

export const recurrentRows: readonly Row[] = [
  ['LSTM', '', 1, recurrent('lstm')],
  ['GRU', '', 1, recurrent('gru')],
  ['RNN', '', 1, recurrent('rnn')],
];
