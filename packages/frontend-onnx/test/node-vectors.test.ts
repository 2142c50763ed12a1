import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readOnnx } from '@nnmeter/frontend-onnx';
import { elementCount } from '@nnmeter/ir';
import { fixtures } from './support/onnx-model.ts';

interface Vector {
  readonly name: string;
  readonly op: string;
  /** A model of one node whose inputs are constants, in base64. */
  readonly model: string;
  readonly outputs: readonly {
    readonly shape: readonly number[];
    readonly type: string;
    readonly values: readonly (number | string)[];
  }[];
}

// What the reference of the onnx library computes in its node tests; made by fixtures/make-onnx-node-vectors.py.
const vectors: readonly Vector[] = JSON.parse(
  readFileSync(join(fixtures, '../onnx-node-vectors.json'), 'utf8'),
);
const byOp = new Map<string, Vector[]>();
for (const vector of vectors) byOp.set(vector.op, [...(byOp.get(vector.op) ?? []), vector]);

/** Real work on weights, which no exporter uses to compute a shape, and ops without inference: no values are known. */
const NOT_COMPUTED = new Set(
  `Attention AveragePool BatchNormalization BitCast CausalConvWithState Col2Im Conv ConvInteger ConvTranspose DeformConv
  Det DynamicQuantizeLinear Einsum GRU Gemm GridSample GroupNormalization InstanceNormalization LSTM LayerNormalization
  LinearAttention LpPool MatMulInteger MaxPool MaxUnpool MeanVarianceNormalization NonMaxSuppression OptionalGetElement
  OptionalHasElement QLinearConv QLinearMatMul QuantizeLinear RMSNormalization RNN Resize RoiAlign SwiGLU TensorScatter
  Unique Upsample`.split(/\s+/),
);
const NO_SHAPE = new Set(
  `CausalConvWithState LinearAttention OptionalGetElement OptionalHasElement SwiGLU`.split(/\s+/),
);
/** Of these the most boxes that may be selected are assumed. */
const BOUNDED = new Set(['NonMaxSuppression']);
/** Of opset 8, which has another form. */
const UNKNOWN_FORM = 'scan_sum';

const TOLERANCE: Readonly<Record<string, number>> = { float16: 1e-3, float32: 1e-6, float64: 1e-9 };

describe.each([...byOp])('%s of constants', (op, cases) => {
  test.each(cases.map((each) => [each.name, each] as const))('%s', (name, { model, outputs }) => {
    const graph = readOnnx(Uint8Array.from(Buffer.from(model, 'base64')));
    const results = graph.outputs.map((output) => graph.tensor(output));
    expect(results.length).toBeLessThanOrEqual(outputs.length);
    outputs.forEach(({ shape, type, values }, index) => {
      const result = results[index] ?? results[0]!;
      if (!BOUNDED.has(op))
        expect(result.shape).toEqual(NO_SHAPE.has(op) || name === UNKNOWN_FORM ? undefined : shape);
      if (NOT_COMPUTED.has(op) || name === UNKNOWN_FORM) return;
      expect(result.kind).toBe('constant');
      expect(result.values).toHaveLength(elementCount(shape));
      result.values?.forEach((value, at) => {
        const expected = Number(String(values[at]).replace('inf', 'Infinity'));
        const scale = (TOLERANCE[type] ?? 0) * Math.max(1, Math.abs(expected));
        if (Number.isFinite(expected))
          expect(Math.abs(value - expected)).toBeLessThanOrEqual(scale);
        else expect(value).toBe(expected);
      });
    });
  });
});
