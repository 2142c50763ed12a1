import type { Call, Rule } from '../call.ts';
import type { Value } from '../value.ts';
import type { Row } from './row.ts';

const PLAIN = { transposeA: false, transposeB: false };

/**
 * Written out as torch's exporters to ONNX do: queries and keys scaled by the root of the scale, their product, the mask,
 * the softmax, the product with the values.
 */
const attention: Rule = (call) => {
  const query = call.tensor('query');
  const shape = call.shape('query');
  const rank = shape.length;
  const scale = call.scalar(Math.sqrt(call.number('scale') ?? 1 / Math.sqrt(shape.at(-1) ?? 1)));
  const heads = shape.at(-3) ?? 1;
  const key = repeated(call, call.tensor('key'), heads);
  const value = repeated(call, call.tensor('value'), heads);
  const perm = Array.from({ length: rank }, (_, axis) =>
    axis < rank - 2 ? axis : 2 * rank - 3 - axis,
  );
  const queries = call.step('mul', {}, [query, scale]);
  const keys = call.step('mul', {}, [call.step('transpose', { perm }, [key]), scale]);
  const scores = masked(call, call.step('matmul', PLAIN, [queries, keys]));
  const weights = call.step('softmax', { axis: rank - 1 }, [scores]);
  call.finish('matmul', PLAIN, [weights, value]);
};

/** Grouped queries: every head of keys or values serves several heads of queries. */
function repeated(call: Call, value: Value, heads: number): Value {
  const shape = value.shape;
  if (!call.flag('enable_gqa') || shape === undefined || shape.length < 3) return value;
  const own = shape.at(-3)!;
  if (own === heads || heads % own !== 0) return value;
  const repeats = shape.map((_, axis) => (axis === shape.length - 3 ? heads / own : 1));
  return call.step('tile', { repeats }, [value]);
}

/** A mask of truth values becomes one of numbers first. */
function masked(call: Call, scores: Value): Value {
  const mask = call.optional('attn_mask') ?? call.optional('attn_bias');
  if (mask !== undefined) {
    const bias =
      mask.dataType === 'bool'
        ? call.step('where', {}, [mask, call.scalar(0), call.scalar(Number.NEGATIVE_INFINITY)])
        : mask;
    return call.step('add', {}, [scores, bias]);
  }
  return call.flag('is_causal')
    ? call.step('add', {}, [scores, call.scalar(Number.NEGATIVE_INFINITY)])
    : scores;
}

const TAIL = 'dropout_p=0.0, is_causal=False';

export const attentionRows: readonly Row[] = [
  [
    `scaled_dot_product_attention(query, key, value, attn_mask=None, ${TAIL}, scale=None, enable_gqa=False)`,
    attention,
  ],
  [
    `_scaled_dot_product_flash_attention(query, key, value, ${TAIL}, return_debug_mask=False, scale=None)`,
    attention,
  ],
  [
    `_scaled_dot_product_flash_attention_for_cpu(query, key, value, ${TAIL}, attn_mask=None, scale=None)`,
    attention,
  ],
  [
    `_scaled_dot_product_efficient_attention(query, key, value, attn_bias, compute_log_sumexp, ${TAIL}, scale=None)`,
    attention,
  ],
];
