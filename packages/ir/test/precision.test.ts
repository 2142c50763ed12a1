import { describe, expect, test } from '@jest/globals';
import { createGraph, type DataType, type Node, precisionOf, type Tensor } from '@nnmeter/ir';

/** Dense layers in a row: the element types of what each reads, and of its weights; some behind a dequantisation. */
function layers(
  ...types: readonly { data: DataType; weight: DataType; size: number; dequantized?: true }[]
) {
  const nodes: Node[] = [];
  const tensors: Tensor[] = [];
  const inputs: string[] = [];
  for (const [index, { data, weight, size, dequantized }] of types.entries()) {
    const named = (name: string) => `${name}_${index}`;
    const matrix = named('matrix');
    const shape = [1, size];
    inputs.push(named('input'));
    tensors.push(
      { name: named('input'), kind: 'input', dataType: data, shape },
      { name: matrix, kind: 'constant', dataType: weight, shape: [size, size] },
      { name: named('output'), kind: 'activation', dataType: data, shape },
    );
    if (dequantized) {
      tensors.push({ name: named('real'), kind: 'activation', dataType: 'float32', shape });
      nodes.push({
        ...{ name: named('dequantize'), op: 'dequantize', attributes: {} },
        ...{ inputs: [named('input')], outputs: [named('real')], sourceOp: 'DequantizeLinear' },
      });
    }
    nodes.push({
      ...{ name: named('fc'), op: 'fc', attributes: { transposeA: false, transposeB: false } },
      inputs: [named(dequantized ? 'real' : 'input'), matrix],
      outputs: [named('output')],
      sourceOp: 'MatMul',
    });
  }
  const outputs = types.map((_, index) => `output_${index}`);
  return createGraph({ name: 'layers', nodes, tensors, inputs, outputs });
}

describe('the precision of a network', () => {
  test('is that of most of its multiplications', () => {
    const graph = layers(
      { data: 'float32', weight: 'float16', size: 8 },
      { data: 'int8', weight: 'int8', size: 64 },
      { data: 'float32', weight: 'float32', size: 16 },
    );
    expect(precisionOf(graph)).toEqual({ activations: 'int8', weights: 'int8' });
  });

  test('of what is dequantised to be read is the quantised one, as in ONNX of QDQ', () => {
    const graph = layers({ data: 'uint8', weight: 'int8', size: 8, dequantized: true });
    expect(precisionOf(graph)).toEqual({ activations: 'uint8', weights: 'int8' });
  });

  test('of weights alone', () => {
    const graph = layers({ data: 'float32', weight: 'int4', size: 8 });
    expect(precisionOf(graph)).toEqual({ activations: 'float32', weights: 'int4' });
  });

  test('is not known of a network that multiplies nothing', () => {
    expect(precisionOf(layers())).toEqual({ activations: 'unknown', weights: 'unknown' });
  });
});
