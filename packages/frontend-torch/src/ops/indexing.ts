import { type Call, type Rule, Unknown } from '../call.ts';
import type { Value } from '../value.ts';
import { reshaped, sameShape } from './regroup.ts';
import type { Row } from './row.ts';

/** One entry along an axis, which is dropped; of a single one it is a view. */
const select: Rule = (call) => {
  const shape = call.shape('self');
  const axis = call.axis('dim', shape.length);
  if (shape[axis] === 1) return reshaped(call, call.tensor('self'), call.result());
  const index = call.scalar(call.integer('index'), 'int64');
  call.finish('gather', { axis }, [call.tensor('self'), index]);
};

const gatherAlong =
  (indexing: 'elements' | undefined): Rule =>
  (call) => {
    const axis = call.axis('dim', call.shape('self').length);
    call.finish('gather', { axis, ...(indexing && { indexing }) }, [
      call.tensor('self'),
      call.tensor('index'),
    ]);
  };

const embedding: Rule = (call) =>
  call.finish('gather', { axis: 0 }, [call.tensor('weight'), call.tensor('indices')]);

/**
 * x[:, i, j]: along one axis it is a gather; with constant places along the sides of an image it is how old versions of
 * torch write a nearest resize; with several index tensors it is outside the vocabulary.
 */
const index: Rule = (call) => {
  const input = call.tensor('self');
  const indices = call.tensors('indices');
  const given = indices.flatMap((value, axis) => (value === undefined ? [] : [{ value, axis }]));
  const [only] = given;
  if (given.length === 1 && only !== undefined && only.value.dataType !== 'bool') {
    return call.finish('gather', { axis: only.axis }, [input, only.value]);
  }
  if (isResize(call, given)) {
    return call.finish('resize', { mode: 'nearest', sizes: call.result() }, [input]);
  }
  call.custom();
};

function isResize(
  call: Call,
  given: readonly { readonly value: Value; readonly axis: number }[],
): boolean {
  const shape = call.shape('self');
  const isSides = given.length === shape.length - 2 && given.every(({ axis }, i) => axis === i + 2);
  return (
    shape.length > 3 &&
    isSides &&
    given.every(({ value }) => value.kind === 'constant') &&
    sameShape(call.result().slice(0, 2), shape.slice(0, 2)) &&
    call.result().length === shape.length
  );
}

/** Writes into a copy. */
const scatter: Rule = (call) => call.finish('scatter', {}, call.operands.slice(0, 3));

const oneHot: Rule = (call) => {
  const shape = call.result();
  const attributes = { axis: shape.length - 1, depth: shape.at(-1)! };
  call.finish('onehot', attributes, [call.tensor('self')]);
};

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

/** The weights of both directions are one tensor, as in ONNX. */
function stacked(call: Call, weights: readonly Value[]): Value {
  const shape = weights[0]?.shape;
  const isAlike = shape !== undefined && weights.every((weight) => sameShape(shape, weight.shape));
  if (!isAlike || weights.some(({ kind }) => kind !== 'constant')) throw new Unknown();
  return weights.length === 1 ? weights[0]! : call.weights([weights.length, ...shape]);
}

const RECURRENT =
  'input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first';

const SCATTERS = [
  'scatter(self, dim, index, src)',
  'scatter_add(self, dim, index, src)',
  'scatter_reduce(self, dim, index, src, reduce, include_self=True)',
  'index_put(self, indices, values, accumulate=False)',
  'index_copy(self, dim, index, source)',
  'index_add(self, dim, index, source, alpha=1)',
  'slice_scatter(self, src, dim=0, start=None, end=None, step=1)',
  'select_scatter(self, src, dim, index)',
  'copy(self, src, non_blocking=False)',
  'masked_scatter(self, mask, source)',
];

export const indexingRows: readonly Row[] = [
  ['select(self, dim, index)', select],
  ['index_select(self, dim, index)', gatherAlong(undefined)],
  ['gather(self, dim, index, sparse_grad=False)', gatherAlong('elements')],
  ['embedding(weight, indices, padding_idx=-1, scale_grad_by_freq=False, sparse=False)', embedding],
  ['index(self, indices)', index],
  ['_unsafe_index(self, indices)', index],
  ['one_hot(self, num_classes=-1)', oneHot],
  ...SCATTERS.map((declaration): Row => [declaration, scatter]),
  [`lstm(${RECURRENT})`, recurrent('lstm')],
  [`gru(${RECURRENT})`, recurrent('gru')],
  [`rnn_tanh(${RECURRENT})`, recurrent('rnn')],
  [`rnn_relu(${RECURRENT})`, recurrent('rnn')],
];
