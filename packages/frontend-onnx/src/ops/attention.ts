import { NnMeterError, type Shape } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { custom } from '../custom.ts';
import type { Row, Rule } from '../outcome.ts';

/**
 * Attention as one op, on `[batch, heads, length, size]` or on `[batch, length, heads * size]`. The keys and values of
 * earlier steps come in front of the new ones.
 */
const attention: Rule = (call) => {
  const query = splitHeads(call, call.shape(0), 'q_num_heads');
  const key = splitHeads(call, call.shape(1), 'kv_num_heads');
  const value = splitHeads(call, call.shape(2), 'kv_num_heads');
  const past = call.inputs[4]?.requireShape()[2] ?? 0;
  const length = key[2]! + past;
  const [batch, heads, steps] = query as [number, number, number, number];
  const size = value[3]!;
  const output =
    call.shape(0).length === 4 ? [batch, heads, steps, size] : [batch, steps, heads * size];
  return custom(call, [
    output,
    key.with(2, length),
    value.with(2, length),
    [batch, heads, steps, length],
  ]);
};

function splitHeads(call: Call, shape: Shape, attribute: string): Shape {
  if (shape.length === 4) return shape;
  const heads = call.requireInt(attribute);
  const [batch, length, width] = shape;
  if (shape.length !== 3 || heads < 1 || width! % heads !== 0) {
    throw new NnMeterError('E_SHAPE', `[${shape.join(', ')}] does not split into ${heads} heads`);
  }
  return [batch!, heads, length!, width! / heads];
}

/** ONNX Runtime's attention with the input projection inside: three equal parts of the weight's columns. */
const packedAttention: Rule = (call) => {
  const input = call.shape(0);
  const sizes = call.ints('qkv_hidden_sizes');
  const width = sizes?.[2] ?? call.shape(1)[1]! / 3;
  return custom(call, [[...input.slice(0, -1), width]]);
};

/** ONNX Runtime's attention after the projections; the result is as wide as the values. */
const multiHeadAttention: Rule = (call) => {
  const query = call.shape(0);
  if (query.length !== 3) {
    const [batch, length, heads, , size] = query as [number, number, number, number, number];
    return custom(call, [[batch, length, heads * size]]);
  }
  const value = call.has(2) ? call.shape(2) : query;
  const width = value.length === 4 ? value[1]! * value[3]! : value[2]!;
  return custom(call, [query.with(2, width)]);
};

const asInput: Rule = (call) => custom(call, [call.input(0).shape]);

const MICROSOFT = 'com.microsoft';

export const attentionRows: readonly Row[] = [
  ['Attention', '', 23, attention],
  ['RotaryEmbedding', '', 23, asInput],
  ['Attention', MICROSOFT, 1, packedAttention],
  ['QAttention', MICROSOFT, 1, packedAttention],
  ['MultiHeadAttention', MICROSOFT, 1, multiHeadAttention],
  ['GroupQueryAttention', MICROSOFT, 1, asInput],
  ['RotaryEmbedding', MICROSOFT, 1, asInput],
];
