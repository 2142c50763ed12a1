import { describe, expect, test } from '@jest/globals';
import { type Graph, GraphBuilder, type ShapedTensor } from '@nnmeter/ir';
import { createPredictor, type LatencyPredictor } from '@nnmeter/predictor';
import adreno630 from '@nnmeter/predictor-adreno630';
import adreno640 from '@nnmeter/predictor-adreno640';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import myriad from '@nnmeter/predictor-myriadvpu';

const PREDICTORS = [cortexA76, adreno640, adreno630, myriad];
const NAMED = PREDICTORS.map((definition): [string, LatencyPredictor] => [
  definition.name,
  createPredictor(definition),
]);
const HEADS = 4;
const CHANNELS = 16;

type Attention = (
  builder: GraphBuilder,
  operands: readonly ShapedTensor[],
) => readonly ShapedTensor[];

/** Attention whose queries, keys and values have this shape. */
function network(count: number, shape: readonly number[], attend: Attention): Graph {
  const builder = new GraphBuilder(`attention of ${count}`);
  const operands = ['query', 'key', 'value'].map((name) =>
    builder.relu(builder.input(name, shape)),
  );
  return builder.build(...attend(builder, operands));
}

const scoresOf = (builder: GraphBuilder, [query, key]: readonly ShapedTensor[]): ShapedTensor =>
  builder.mul(builder.matmul(query!, key!, { transposeB: true }), CHANNELS ** -0.5);

const joined: Attention = (builder, operands) => [
  builder.matmul(builder.softmax(scoresOf(builder, operands)), operands[2]!),
];

/** The weights are a result too, so that its parts are kernels of their own. */
const apart: Attention = (builder, operands) => {
  const weights = builder.softmax(scoresOf(builder, operands));
  return [builder.matmul(weights, operands[2]!), weights];
};

function attentionMs(predictor: LatencyPredictor, graph: Graph): number {
  const { kernels } = predictor.predictGraph(graph);
  return kernels
    .filter(({ type }) => type !== 'relu')
    .reduce((sum, { latencyMs }) => sum + latencyMs, 0);
}

describe.each(NAMED)('%s', (_, predictor) => {
  test.each([16, 197, 1024])('attention of %i tokens takes what its parts take', (count) => {
    const shape = [1, HEADS, count, CHANNELS];
    const ms = attentionMs(predictor, network(count, shape, joined));
    const partsMs = attentionMs(predictor, network(count, shape, apart));
    expect(ms).toBeGreaterThan(0.7 * partsMs);
    expect(ms).toBeLessThan(1.3 * partsMs);
  });

  test('it grows with the square of the tokens', () => {
    const [few, many] = [512, 1024].map((count) =>
      attentionMs(predictor, network(count, [1, HEADS, count, CHANNELS], joined)),
    );
    expect(many! / few!).toBeGreaterThan(3.5);
    expect(many! / few!).toBeLessThan(4.1);
  });

  test('with or without an axis of the batch', () => {
    const [four, three] = [[1], []].map((batch) =>
      attentionMs(predictor, network(64, [...batch, HEADS, 64, CHANNELS], joined)),
    );
    expect(four).toBe(three);
  });
});
