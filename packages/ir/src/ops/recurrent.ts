import { elementCount } from '../tensor.ts';
import { optional, stated } from './attribute.ts';
import { row } from './row.ts';

/**
 * A recurrent layer over a sequence with the features last, as in ONNX: [steps, batch, features] gives
 * [steps, directions, batch, hidden], batch first [batch, steps, directions, hidden]. MACs: steps x gates x hidden x
 * (input + hidden).
 */
const recurrent = (onnx: string, gates: number) =>
  row({
    onnx: [onnx, 1],
    attributes: {
      hiddenSize: stated('integer', { onnx: 'hidden_size' }),
      /** 1, or 2 if the sequence is also read backwards. */
      directions: stated('integer'),
      /** Whether the batch comes before the steps. */
      batchFirst: optional('flag', { onnx: 'layout' }),
    },
    operands: [1, 8],
    shapes: ([data], { hiddenSize, directions, batchFirst = false }) => {
      const [first, second] = data!.shape;
      if (first === undefined || second === undefined || data!.shape.length !== 3) return undefined;
      const shape = batchFirst
        ? [first, second, directions, hiddenSize]
        : [first, directions, second, hiddenSize];
      return [{ shape }];
    },
    macs: ({ hiddenSize, directions }, [data]) => {
      const features = data!.shape.at(-1) ?? 0;
      const steps = elementCount(data!.shape.slice(0, -1));
      return steps * directions * gates * hiddenSize * (features + hiddenSize);
    },
    cost: 'recurrent',
    axes: 'opaque',
  });

export const recurrentOps = {
  lstm: recurrent('LSTM', 4),
  gru: recurrent('GRU', 3),
  rnn: recurrent('RNN', 1),
};
