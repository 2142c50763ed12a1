import { type DataType, inferOutputShapes, type OpAttributes, type Operation } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { type Computation, computation, type Row, type Rule, shaped } from '../outcome.ts';

/** Where the operands of a product are among a node's inputs. */
interface Operands {
  readonly a: number;
  readonly b: number;
  /** Inputs kept besides a and b. */
  readonly others?: readonly number[];
  readonly dataType?: (call: Call) => DataType;
}

function product(operands: Operands, read: (call: Call) => OpAttributes['matmul']): Rule {
  return (call) => {
    const { a, b, others = [] } = operands;
    const attributes = read(call);
    const byWeight = call.shape(b).length === 2 && call.isConstant(b) && !call.isConstant(a);
    return computation(byWeight ? 'fc' : 'matmul', attributes, {
      dataTypes: [operands.dataType?.(call)],
      inputs: [a, b, ...others],
      weight: byWeight ? [b, attributes.transposeB ? 'OI' : 'IO'] : undefined,
    });
  };
}

/** ONNX Runtime's products may take the first axis behind the batch axes: `[L, N, heads, size]` as `[N, heads, L, size]`. */
const fusedMatMul: Rule = (call) => {
  const found = product({ a: 0, b: 1 }, flags)(call) as Computation;
  const [a, b] = (['transBatchA', 'transBatchB'] as const).map((attribute, index) => {
    const shape = call.shape(index);
    if (shape.length < 3 || call.int(attribute, 0) === 0) return shape;
    return [...shape.slice(1, -1), shape[0]!, shape[shape.length - 1]!];
  });
  const operation = { op: found.op, attributes: found.attributes } as Operation;
  const results = inferOutputShapes(operation, [{ shape: a! }, { shape: b! }]);
  return { ...found, shapes: results?.map(({ shape }) => shape) };
};

/** Of square matrices. */
const determinant: Rule = (call) =>
  shaped('custom', {}, [call.shape(0).slice(0, -2)], { inputs: [0] });

const plain = (): OpAttributes['fc'] => ({ transposeA: false, transposeB: false });
const flags = (call: Call): OpAttributes['fc'] => ({
  transposeA: call.int('transA', 0) !== 0,
  transposeB: call.int('transB', 0) !== 0,
});
const int32 = (): DataType => 'int32';

const einsum: Rule = (call) =>
  computation('einsum', { equation: call.string('equation', '').replaceAll(' ', '') });

/** ONNX Runtime's product with a weight quantised in blocks: `[..., K]` by N columns. */
const matMulNBits: Rule = (call): Computation => {
  const output = [...call.shape(0).slice(0, -1), call.requireInt('N')];
  return shaped('fc', { transposeA: false, transposeB: true }, [output], {
    inputs: [0, 1],
  });
};

const MICROSOFT = 'com.microsoft';

export const matmulRows: readonly Row[] = [
  ['Det', '', 11, determinant],
  ['MatMul', '', 1, product({ a: 0, b: 1 }, plain)],
  ['Gemm', '', 7, product({ a: 0, b: 1, others: [2] }, flags)],
  ['MatMulInteger', '', 10, product({ a: 0, b: 1, dataType: int32 }, plain)],
  ['QLinearMatMul', '', 10, product({ a: 0, b: 3, dataType: (call) => call.dataType(7) }, plain)],
  ['Einsum', '', 12, einsum],
  ['FusedMatMul', MICROSOFT, 1, fusedMatMul],
  ['FusedGemm', MICROSOFT, 1, product({ a: 0, b: 1, others: [2] }, flags)],
  ['MatMulIntegerToFloat', MICROSOFT, 1, product({ a: 0, b: 1, dataType: () => 'float32' }, plain)],
  ['QGemm', MICROSOFT, 1, product({ a: 0, b: 3, others: [6] }, flags)],
  ['MatMulNBits', MICROSOFT, 1, matMulNBits],
];
