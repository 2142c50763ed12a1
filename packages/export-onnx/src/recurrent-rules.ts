import { identity } from '@nnmeter/export';
import { type NodeOf, opRow } from '@nnmeter/ir';
import type { Attributes, OnnxGraph } from './onnx-graph.ts';
import { int, notExported, parameter, type Rule, type Rules } from './rule.ts';

type Recurrent = 'lstm' | 'gru' | 'rnn';

/**
 * The shapes of weights follow from the attributes: [directions, gates * hidden, features] for the input, the same with
 * hidden features for the state. A layer that only reads backwards is written as one that reads forwards, and lengths that
 * are constants are left out: whole sequences are read.
 */
function recurrent(gates: number): Rule<Recurrent> {
  return (target, node) => {
    const { hiddenSize, directions, batchFirst = false } = node.attributes;
    const [data, weight, recurrence, bias, lengths, ...states] = node.inputs;
    const shape = target.shape(data!);
    requireResults(target, node);
    const batch = shape[batchFirst ? 0 : 1]!;
    const rows = gates * hiddenSize;
    const given = (name: string | undefined, role: string, size: readonly number[]): string =>
      name ? parameter(target, node, name, role, { shape: size }) : '';
    const state = batchFirst ? [batch, directions, hiddenSize] : [directions, batch, hiddenSize];
    const inputs = [
      target.read(data!, identity(3)),
      parameter(target, node, weight, 'weight', {
        shape: [directions, rows, shape[2]!],
        weightRole: { fanIn: shape[2]! },
      }),
      parameter(target, node, recurrence, 'recurrence', {
        shape: [directions, rows, hiddenSize],
        weightRole: { fanIn: hiddenSize },
      }),
      given(bias, 'bias', [directions, 2 * rows]),
      lengths && !target.isConstant(lengths) ? target.read(lengths) : '',
      given(states[0], 'state', state),
      ...(node.op === 'lstm'
        ? [
            given(states[1], 'cell', state),
            given(states[2], 'peepholes', [directions, 3 * hiddenSize]),
          ]
        : []),
    ];
    if (batchFirst) target.require(14);
    const attributes: Attributes = {
      hidden_size: int(hiddenSize),
      direction: { string: directions === 2 ? 'bidirectional' : 'forward' },
      ...(batchFirst && { layout: int(1) }),
    };
    const used = inputs.slice(0, inputs.findLastIndex((name) => name !== '') + 1);
    target.emit(node, opRow(node.op).onnx[0], used, attributes);
  };
}

/** ONNX settles the shapes of the results; a source that has others means something else. */
function requireResults(target: OnnxGraph, node: NodeOf<Recurrent>): void {
  const [data] = node.inputs;
  const [settled] = opRow(node.op).shapes([{ shape: target.shape(data!) }], node.attributes) ?? [];
  if (settled === undefined)
    throw notExported(node, 'its sequence has no steps, batch and features');
  const { batchFirst = false } = node.attributes;
  const last = settled.shape.toSpliced(batchFirst ? 1 : 0, 1);
  node.outputs.forEach((name, index) => {
    const expected = index === 0 ? settled.shape : last;
    if (name === '' || target.shape(name).join() === expected.join()) return;
    throw notExported(
      node,
      `its result is [${target.shape(name).join(', ')}] where ONNX has [${expected.join(', ')}]`,
    );
  });
}

export const recurrentRules: Rules = {
  lstm: recurrent(4),
  gru: recurrent(3),
  rnn: recurrent(1),
};
