import { type Call, type Rule, Unknown } from '../call.ts';
import type { Value } from '../value.ts';
import { reshaped, transposed } from './regroup.ts';
import type { Row } from './row.ts';
import { sameShape } from './shapes.ts';

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

/** Windows along an axis, whose elements become the last axis. */
const unfold: Rule = (call) => {
  const rank = call.shape('self').length;
  const axis = call.axis('dimension', rank);
  const places = call.extra([call.result()[axis]!, call.integer('size')], 'int64');
  const windows = call.step('gather', { axis }, [call.tensor('self'), places]);
  const perm = Array.from({ length: rank + 1 }, (_, place) => (place <= axis ? place : place + 1));
  transposed(call, windows, [...perm.slice(0, -1), axis + 1]);
};

const embedding: Rule = (call) =>
  call.finish('gather', { axis: 0 }, [call.tensor('weight'), call.tensor('indices')]);

/**
 * x[:, i, j]: along one axis it is a gather; with constant places along the sides of an image it is how old versions of
 * torch write a nearest resize; a mask takes as many as it lets through; with several index tensors it is outside the vocabulary.
 */
const index: Rule = (call) => {
  const input = call.tensor('self');
  const indices = call.tensors('indices');
  const given = indices.flatMap((value, axis) => (value === undefined ? [] : [{ value, axis }]));
  const [only] = given;
  if (given.length === 1 && only !== undefined && only.value.dataType !== 'bool') {
    return call.finish('gather', { axis: only.axis }, [input, only.value]);
  }
  if (given.length === 1 && only?.axis === 0) return letThrough(call, input, only.value);
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

/** How many elements there are depends on data. */
const found =
  (op: 'nonzero' | 'unique'): Rule =>
  (call) =>
    call.finish(op, {}, [call.tensor('self')]);

/** Of torchvision. */
const suppression: Rule = (call) =>
  call.finish('nonmaxsuppression', {}, [call.tensor('dets'), call.tensor('scores')]);

/** Of torchvision: images and boxes [regions, 5], of which the first number is the image. */
const regions: Rule = (call) =>
  call.finish(
    'roialign',
    {
      mode: 'avg',
      height: call.integer('pooled_height'),
      width: call.integer('pooled_width'),
      samples: Math.max(0, call.integer('sampling_ratio')),
      scale: call.number('spatial_scale') ?? 1,
    },
    [call.tensor('input'), call.tensor('rois')],
  );

/** The elements that a mask lets through. */
const selected: Rule = (call) => {
  const [input, mask] = [call.tensor('self'), call.tensor('mask')];
  if (!sameShape(call.shape('self'), call.shape('mask'))) throw new Unknown();
  letThrough(call, input, mask);
};

/** What a mask of the first axes lets through: its places, then what is there. */
function letThrough(call: Call, input: Value, mask: Value): void {
  const places = call.places(mask, call.result()[0]!);
  call.finish('gather', { axis: 0, indexing: 'nd' }, [input, places]);
}

export const indexingRows: readonly Row[] = [
  ['nonzero(self)', found('nonzero')],
  ['_unique(self, sorted=True, return_inverse=False)', found('unique')],
  ['_unique2(self, sorted=True, return_inverse=False, return_counts=False)', found('unique')],
  ['nms(dets, scores, iou_threshold)', suppression],
  [
    'roi_align(input, rois, spatial_scale, pooled_height, pooled_width, sampling_ratio, aligned)',
    regions,
  ],
  ['select(self, dim, index)', select],
  ['index_select(self, dim, index)', gatherAlong(undefined)],
  ['gather(self, dim, index, sparse_grad=False)', gatherAlong('elements')],
  ['embedding(weight, indices, padding_idx=-1, scale_grad_by_freq=False, sparse=False)', embedding],
  ['index(self, indices)', index],
  ['masked_select(self, mask)', selected],
  ['_unsafe_index(self, indices)', index],
  ['unfold(self, dimension, size, step)', unfold],
  ['one_hot(self, num_classes=-1)', oneHot],
  ...SCATTERS.map((declaration): Row => [declaration, scatter]),
];
