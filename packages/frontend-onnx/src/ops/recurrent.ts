import type { Shape } from '@nnmeter/ir';
import { computation, type Row, type Rule } from '../outcome.ts';

/** Input `[sequence, batch, features]`, or batch first with layout 1; all gates are in one weight tensor. */
function recurrent(op: 'lstm' | 'gru' | 'rnn'): Rule {
  return (call) => {
    const hiddenSize = call.int('hidden_size', call.shape(2)[2]!);
    const directions = call.string('direction', 'forward') === 'bidirectional' ? 2 : 1;
    const batchFirst = call.int('layout', 0) === 1;
    const attributes = { hiddenSize, directions, ...(batchFirst && { batchFirst }) };
    const lastSteps = (all: Shape): readonly Shape[] => {
      const last = batchFirst ? all.toSpliced(1, 1) : all.slice(1);
      return [last, last];
    };
    return computation(op, attributes, { further: lastSteps });
  };
}

export const recurrentRows: readonly Row[] = [
  ['LSTM', '', 1, recurrent('lstm')],
  ['GRU', '', 1, recurrent('gru')],
  ['RNN', '', 1, recurrent('rnn')],
];
