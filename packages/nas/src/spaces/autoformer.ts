import type { GraphBuilder, Shape, ShapedTensor } from '@nnmeter/ir';
import { NnMeterError } from '@nnmeter/ir';
import { type ChoiceInput, defineSpace } from '../space.ts';
import { fromDepth, numberOf, upTo } from './sample-values.ts';

const PATCH = 16;
const HEAD_CHANNELS = 64;
const WIDTHS = [192, 216, 240];
const RATIOS = [3, 3.5, 4];
const HEADS = [3, 4];
const DEPTHS = [12, 13, 14];

function choices(): [string, ChoiceInput][] {
  const layer = (what: string, index: number, values: readonly number[]): [string, ChoiceInput] => [
    `${what}_${index}`,
    fromDepth(values, 'depth', DEPTHS, index),
  ];
  const layers = upTo(Math.max(...DEPTHS));
  return [
    ['embed_dim', WIDTHS],
    ['depth', DEPTHS],
    ...layers.map((index) => layer('mlp_ratio', index, RATIOS)),
    ...layers.map((index) => layer('num_head', index, HEADS)),
  ];
}

/**
 * AutoFormer-tiny (Chen et al., arXiv:2107.00651) with NNI's labels: width, depth, and of every layer the heads and the width of
 * its perceptron; relative positions. No device's attention was measured: its part of the latency is an estimate.
 */
export const autoformer = defineSpace({
  name: 'autoformer',
  input: [1, 3, 224, 224],
  choices: choices(),
  terms: [
    ['embed_dim'],
    ['embed_dim', 'depth'],
    ...upTo(Math.max(...DEPTHS)).flatMap((index) => [
      ['embed_dim', `mlp_ratio_${index}`],
      ['embed_dim', `num_head_${index}`],
    ]),
  ],
  build(sample, builder, input) {
    const width = numberOf(sample, 'embed_dim');
    let x = embed(builder, input, width);
    for (const index of upTo(numberOf(sample, 'depth'))) {
      const heads = numberOf(sample, `num_head_${index}`);
      x = builder.add(x, attention(builder, builder.layernorm(x), heads));
      const inner = Math.trunc(width * numberOf(sample, `mlp_ratio_${index}`));
      const hidden = builder.unary('gelu', builder.fc(builder.layernorm(x), inner));
      x = builder.add(x, builder.fc(hidden, width));
    }
    const pooled = builder.mean(builder.slice(builder.layernorm(x), 1, { start: 1 }), [1]);
    return builder.build(builder.fc(pooled, 1000));
  },
});

/** Patches as tokens, with a class token before them and their positions added: [batch, tokens, width]. */
function embed(builder: GraphBuilder, input: Shape, width: number): ShapedTensor {
  const [batch = 1, , height = 1, columns = 1] = input;
  if (height % PATCH !== 0 || columns % PATCH !== 0) {
    throw new NnMeterError(
      'E_SHAPE',
      `an image of ${height}x${columns} is not a whole number of ${PATCH}x${PATCH} patches`,
    );
  }
  const image = builder.input('input', input);
  const patches = builder.conv(image, width, { kernel: PATCH, stride: PATCH });
  const rows = builder.reshape(patches, [batch, width, -1]);
  const tokens = builder.concat(
    [builder.constant('cls_token', [batch, 1, width]), builder.transpose(rows, [0, 2, 1])],
    1,
  );
  return builder.add(tokens, builder.constant('pos_embed', [1, tokens.shape[1]!, width]));
}

/** Self-attention with positions of keys and of values relative to those of queries. */
function attention(builder: GraphBuilder, x: ShapedTensor, heads: number): ShapedTensor {
  const [batch, tokens, width] = x.shape as [number, number, number];
  const channels = heads * HEAD_CHANNELS;
  const [query, key, value] = upTo(3).map(() =>
    builder.transpose(
      builder.reshape(builder.fc(x, channels), [batch, tokens, heads, HEAD_CHANNELS]),
      [0, 2, 1, 3],
    ),
  ) as [ShapedTensor, ShapedTensor, ShapedTensor];
  const scale = HEAD_CHANNELS ** -0.5;
  // [heads, query, key] -> a product for every query -> back.
  const byQuery = (y: ShapedTensor): ShapedTensor =>
    builder.reshape(builder.transpose(y, [2, 0, 1, 3]), [tokens, batch * heads, -1]);
  const byHead = (y: ShapedTensor): ShapedTensor =>
    builder.reshape(builder.transpose(y, [1, 0, 2]), [batch, heads, tokens, -1]);
  const scores = builder.mul(builder.matmul(query, key, { transposeB: true }), scale);
  const towards = builder.matmul(byQuery(query), relativePositions(builder, tokens), {
    transposeB: true,
  });
  const attended = builder.softmax(builder.add(scores, builder.mul(byHead(towards), scale)));
  const positions = builder.matmul(byQuery(attended), relativePositions(builder, tokens));
  const merge = (y: ShapedTensor): ShapedTensor =>
    builder.reshape(builder.transpose(y, [0, 2, 1, 3]), [batch, tokens, channels]);
  const heard = builder.add(merge(builder.matmul(attended, value)), merge(byHead(positions)));
  return builder.fc(heard, width);
}

/** Embeddings of the rows and columns between any two tokens: [tokens, tokens, channels of a head]. */
function relativePositions(builder: GraphBuilder, tokens: number): ShapedTensor {
  const side = Math.floor(Math.sqrt(tokens - 1));
  const [rows, columns] = upTo(2).map(() => {
    const name = builder.uniqueName('relative_position');
    const table = builder.constant(`${name}.table`, [2 * side + 2, HEAD_CHANNELS]);
    const indices = builder.constant(`${name}.indices`, [tokens, tokens], { dataType: 'int64' });
    return builder.node('gather', { axis: 0 }, [table, indices], {
      name,
      outputShapes: [[tokens, tokens, HEAD_CHANNELS]],
    })[0]!;
  });
  return builder.add(rows!, columns!);
}
