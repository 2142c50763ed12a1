import {
  type DataType,
  matMulShape,
  NnMeterError,
  type OpAttributes,
  quote,
  type Shape,
} from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { type Computation, computation, type Row, type Rule } from '../outcome.ts';

/** Where the operands of a product are among a node's inputs. */
interface Operands {
  readonly a: number;
  readonly b: number;
  /** Inputs kept besides a and b. */
  readonly others?: readonly number[];
  readonly dataType?: (call: Call) => DataType;
}

function product(operands: Operands, read: (call: Call) => OpAttributes['fc']): Rule {
  return (call) => {
    const { a, b, others = [] } = operands;
    const attributes = read(call);
    const left = transposed(batchMoved(call, a, 'transBatchA'), attributes.transposeA);
    const right = transposed(batchMoved(call, b, 'transBatchB'), attributes.transposeB);
    const byWeight = right.length === 2 && call.isConstant(b) && !call.isConstant(a);
    return computation(byWeight ? 'fc' : 'matmul', attributes, [matMulShape(left, right)], {
      dataTypes: [operands.dataType?.(call)],
      inputs: [a, b, ...others],
      weight: byWeight ? [b, attributes.transposeB ? 'OI' : 'IO'] : undefined,
    });
  };
}

/** ONNX Runtime's products may take the first axis behind the batch axes: `[L, N, heads, size]` as `[N, heads, L, size]`. */
function batchMoved(call: Call, index: number, attribute: string): Shape {
  const shape = call.shape(index);
  if (shape.length < 3 || call.int(attribute, 0) === 0) return shape;
  return [...shape.slice(1, -1), shape[0]!, shape[shape.length - 1]!];
}

function transposed(shape: Shape, transpose: boolean): Shape {
  if (!transpose || shape.length < 2) return shape;
  return [...shape.slice(0, -2), shape[shape.length - 1]!, shape[shape.length - 2]!];
}

const plain = (): OpAttributes['fc'] => ({ transposeA: false, transposeB: false });
const flags = (call: Call): OpAttributes['fc'] => ({
  transposeA: call.int('transA', 0) !== 0,
  transposeB: call.int('transB', 0) !== 0,
});
const int32 = (): DataType => 'int32';

/** NumPy-like einsum without repeated letters in one term; `...` stands for broadcast axes. */
const einsum: Rule = (call) => {
  const equation = call.string('equation', '').replaceAll(' ', '');
  const [left = '', right] = equation.split('->');
  const extents = new Map<string, number>();
  let ellipsis: Shape = [];
  left.split(',').forEach((term, index) => {
    const shape = call.shape(index);
    const [before = '', after] = term.split('...');
    const width = shape.length - (term.length - (after === undefined ? 0 : 3));
    if (width < 0 || (after === undefined && width > 0)) {
      throw new NnMeterError(
        'E_SHAPE',
        `equation ${quote(equation)} does not fit [${shape.join(', ')}]`,
      );
    }
    [...before].forEach((letter, axis) => {
      extents.set(letter, shape[axis]!);
    });
    if (after === undefined) return;
    const middle = shape.slice(before.length, before.length + width);
    if (middle.length > ellipsis.length) ellipsis = middle;
    [...after].forEach((letter, axis) => {
      extents.set(letter, shape[before.length + width + axis]!);
    });
  });
  const once = (letter: string): boolean => left.indexOf(letter) === left.lastIndexOf(letter);
  const output =
    right ?? (left.includes('...') ? '...' : '') + [...extents.keys()].filter(once).sort().join('');
  const shape = output
    .replace('...', '.')
    .split('')
    .flatMap((letter) => (letter === '.' ? ellipsis : (extents.get(letter) ?? [])));
  return computation('einsum', { equation }, [shape]);
};

/** ONNX Runtime's product with a weight quantised in blocks: `[..., K]` by N columns. */
const matMulNBits: Rule = (call): Computation => {
  const output = [...call.shape(0).slice(0, -1), call.requireInt('N')];
  return computation('fc', { transposeA: false, transposeB: true }, [output], {
    inputs: [0, 1],
  });
};

const MICROSOFT = 'com.microsoft';

export const matmulRows: readonly Row[] = [
  ['MatMul', '', 1, product({ a: 0, b: 1 }, plain)],
  ['Gemm', '', 7, product({ a: 0, b: 1, others: [2] }, flags)],
  ['MatMulInteger', '', 10, product({ a: 0, b: 1, dataType: int32 }, plain)],
  ['QLinearMatMul', '', 10, product({ a: 0, b: 3, dataType: (call) => call.dataType(7) }, plain)],
  ['Einsum', '', 12, einsum],
  ['FusedMatMul', MICROSOFT, 1, product({ a: 0, b: 1 }, flags)],
  ['FusedGemm', MICROSOFT, 1, product({ a: 0, b: 1, others: [2] }, flags)],
  ['MatMulIntegerToFloat', MICROSOFT, 1, product({ a: 0, b: 1, dataType: () => 'float32' }, plain)],
  ['QGemm', MICROSOFT, 1, product({ a: 0, b: 3, others: [6] }, flags)],
  ['MatMulNBits', MICROSOFT, 1, matMulNBits],
];
