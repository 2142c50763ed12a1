import type { Call, Rule } from '../call.ts';
import type { Value } from '../value.ts';
import type { Row } from './row.ts';

const PLAIN = { transposeA: false, transposeB: false };

/** By a constant matrix it is a dense layer. */
function product(call: Call, a: Value, b: Value): void {
  const matrix = b.matrix ?? b;
  const isDense = a.kind !== 'constant' && b.kind === 'constant' && matrix.shape?.length === 2;
  if (isDense) matrix.weightLayout ??= 'IO';
  call.finish(isDense ? 'fc' : 'matmul', PLAIN, [a, isDense ? matrix : b]);
}

const linear: Rule = (call) => {
  const [input, bias] = [call.tensor('input'), call.optional('bias')];
  const weight = call.weight('weight', 'OI');
  const attributes = { transposeA: false, transposeB: true };
  const op = weight.kind === 'constant' ? 'fc' : 'matmul';
  if (bias === undefined || call.shape('input').length <= 2) {
    return call.finish(op, attributes, [input, weight, bias]);
  }
  call.finish('add', {}, [call.step(op, attributes, [input, weight]), bias]);
};

/** A product and a sum; with the sum's operand as a bias where it is one. */
function sumWithProduct(a: string, b: string): Rule {
  return (call) => {
    const [left, right, sum] = [call.tensor(a), call.tensor(b), call.tensor('self')];
    if (call.number('beta') === 1 && call.number('alpha') === 1 && isWeight(right, left)) {
      right.weightLayout ??= 'IO';
      return call.finish('fc', PLAIN, [left, right, sum]);
    }
    call.finish('add', {}, [call.step('matmul', PLAIN, [left, right]), sum]);
  };
}

function isWeight(b: Value, a: Value): boolean {
  return b.kind === 'constant' && a.kind !== 'constant' && b.shape?.length === 2;
}

const einsum: Rule = (call) => {
  const equation = call.text('equation')?.replaceAll(' ', '') ?? '';
  call.finish('einsum', { equation }, call.tensors('tensors'));
};

/** Every result is x times a matrix of its own times y. */
const bilinear: Rule = (call) => {
  const operands = [call.tensor('input1'), call.tensor('weight'), call.tensor('input2')];
  const bias = call.optional('bias');
  const attributes = { equation: '...i,oij,...j->...o' };
  if (bias === undefined) return call.finish('einsum', attributes, operands);
  call.finish('add', {}, [call.step('einsum', attributes, operands), bias]);
};

const productOf =
  (a: string, b: string): Rule =>
  (call) =>
    product(call, call.tensor(a), call.tensor(b));

export const matrixRows: readonly Row[] = [
  ['linear(input, weight, bias=None)', linear],
  ['matmul(self, other)', productOf('self', 'other')],
  ['mm(self, mat2)', productOf('self', 'mat2')],
  ['bmm(self, mat2)', productOf('self', 'mat2')],
  ['mv(self, vec)', productOf('self', 'vec')],
  ['dot(self, tensor)', productOf('self', 'tensor')],
  ['addmm(self, mat1, mat2, beta=1, alpha=1)', sumWithProduct('mat1', 'mat2')],
  ['baddbmm(self, batch1, batch2, beta=1, alpha=1)', sumWithProduct('batch1', 'batch2')],
  ['bilinear(input1, input2, weight, bias=None)', bilinear],
  ['einsum(equation, tensors, path=None)', einsum],
];
