import { normalizeAxis, type Shape } from '@nnmeter/ir';
import type { Call, Rule } from '../call.ts';
import type { Value } from '../value.ts';
import { binary } from './elementwise.ts';
import type { Row } from './row.ts';

type ReduceOp = 'reducemean' | 'reducesum' | 'reducemax' | 'reducemin' | 'reduceprod' | 'reducel2';

/** The axes of `dim`, sorted; all of them for None. */
function axesOf(call: Call, shape: Shape): readonly number[] {
  const given = call.has('dim') ? call.integers('dim') : undefined;
  const axes = given?.map((axis) => normalizeAxis(axis, shape.length)) ?? [...shape.keys()];
  return [...new Set(axes)].sort((a, b) => a - b);
}

const reduction =
  (op: ReduceOp): Rule =>
  (call) => {
    const shape = call.shape('self');
    const axes = axesOf(call, shape);
    const attributes = { axes, keepDims: call.flag('keepdim') };
    const isImage = op === 'reducemean' && isSpatial(shape, axes);
    call.finish(isImage ? 'gap' : op, attributes, [call.tensor('self')]);
  };

/** The spatial axes of an image or volume, channels first or last. */
function isSpatial(shape: Shape, axes: readonly number[]): boolean {
  return (
    shape.length >= 4 &&
    axes.length === shape.length - 2 &&
    axes[0]! > 0 &&
    axes.at(-1)! - axes[0]! === axes.length - 1
  );
}

/** Over an axis with the places of the extremes, or elementwise with another tensor. */
const extreme =
  (op: 'reducemax' | 'reducemin', elementwise: 'max' | 'min'): Rule =>
  (call) =>
    (call.has('other') ? binary(elementwise) : reduction(op))(call);

const place =
  (op: 'argmax' | 'argmin'): Rule =>
  (call) => {
    const axes = axesOf(call, call.shape('self'));
    call.finish(op, { axes, keepDims: call.flag('keepdim') }, [call.tensor('self')]);
  };

/** Mean, difference, square, mean, and a root for the deviation. */
const variance =
  (options: { readonly root: boolean }): Rule =>
  (call) => {
    const input = call.tensor('self');
    const axes = axesOf(call, call.shape('self'));
    const attributes = { axes, keepDims: call.flag('keepdim') };
    const mean = call.step('reducemean', { axes, keepDims: true }, [input]);
    const centred = call.step('sub', {}, [input, mean]);
    const squared = call.step('mul', {}, [centred, centred]);
    if (!options.root) return call.finish('reducemean', attributes, [squared]);
    call.finish('sqrt', {}, [call.step('reducemean', attributes, [squared])]);
  };

/** Of the second order; others are outside the vocabulary. */
const norm =
  (order: string): Rule =>
  (call) =>
    (call.number(order) ?? 2) === 2 ? reduction('reducel2')(call) : call.custom();

const cumulated: Rule = (call) =>
  call.finish('cumsum', { axis: call.axis('dim', call.shape('self').length) }, [
    call.tensor('self'),
  ]);

const topk: Rule = (call) => {
  const shape = call.shape('self');
  const axis = call.axis('dim', shape.length);
  const k = call.has('k') ? call.integer('k') : (shape[axis] ?? 1);
  call.finish('topk', { axis, k }, [call.tensor('self')]);
};

/** The safe softmax of core aten has it for rows that are masked out. */
const anyOrAll: Rule = (call) => {
  const input: Value = call.tensor('self');
  const axes = axesOf(call, call.shape('self'));
  const op = call.op === 'any' ? 'reducemax' : 'reducemin';
  call.finish(op, { axes, keepDims: call.flag('keepdim') }, [input]);
};

export const reductionRows: readonly Row[] = [
  ['mean(self, dim=None, keepdim=False, dtype=None)', reduction('reducemean')],
  ['sum(self, dim=None, keepdim=False, dtype=None)', reduction('reducesum')],
  ['prod(self, dim=None, keepdim=False, dtype=None)', reduction('reduceprod')],
  ['amax(self, dim=[], keepdim=False)', reduction('reducemax')],
  ['amin(self, dim=[], keepdim=False)', reduction('reducemin')],
  ['max(self, dim=None, keepdim=False, other=None)', extreme('reducemax', 'max')],
  ['min(self, dim=None, keepdim=False, other=None)', extreme('reducemin', 'min')],
  ['any(self, dim=None, keepdim=False)', anyOrAll],
  ['all(self, dim=None, keepdim=False)', anyOrAll],
  ['argmax(self, dim=None, keepdim=False)', place('argmax')],
  ['argmin(self, dim=None, keepdim=False)', place('argmin')],
  ['var(self, dim=None, correction=None, unbiased=True, keepdim=False)', variance({ root: false })],
  ['std(self, dim=None, correction=None, unbiased=True, keepdim=False)', variance({ root: true })],
  ['linalg_vector_norm(self, ord=2, dim=None, keepdim=False, dtype=None)', norm('ord')],
  ['norm(self, p=2, dim=None, keepdim=False, dtype=None)', norm('p')],
  ['cumsum(self, dim, dtype=None)', cumulated],
  ['topk(self, k, dim=-1, largest=True, sorted=True)', topk],
  ['sort(self, dim=-1, descending=False, stable=None)', topk],
];
