import { describe, expect, test } from '@jest/globals';
import { createGraph, GraphBuilder, type Node, type ShapedTensor } from '@nnmeter/ir';
import { createPredictor } from '@nnmeter/predictor';
import learned from '@nnmeter/predictors-learned';

const predictor = createPredictor(await learned.rtx3090gpu_torch24_amp!());
const CHANNELS = 64;

type Write = (builder: GraphBuilder, x: ShapedTensor) => ShapedTensor;

/** ms of all kernels after an activation of 56 x 56. */
function msOf(write: Write): number {
  const builder = new GraphBuilder('network');
  const x = builder.relu(builder.input('image', [1, CHANNELS, 56, 56]));
  const { kernels } = predictor.predictGraph(builder.build(write(builder, x)));
  return kernels.slice(1).reduce((sum, { latencyMs }) => sum + latencyMs, 0);
}

const conv =
  (bias: boolean): Write =>
  (builder, x) =>
    builder.conv(x, CHANNELS, { kernel: 1, bias });

const scaled =
  (shape: readonly number[]): Write =>
  (builder, x) =>
    builder.mul(x, builder.constant('scale', shape));

const sequence =
  (...writes: Write[]): Write =>
  (builder, x) =>
    writes.reduce((y, write) => write(builder, y), x);

describe('PyTorch with automatic mixed precision', () => {
  test('a bias is added by a kernel of its own, and so is what a normalization leaves', () => {
    const [plain, biased] = [msOf(conv(false)), msOf(conv(true))];
    const normalized = msOf(sequence(conv(false), (builder, x) => builder.bn(x)));
    expect(biased / plain).toBeGreaterThan(1.3);
    expect(normalized).toBeCloseTo(biased, 9);
  });

  test('group normalization takes several kernels, layer normalization one', async () => {
    const rtx5090 = createPredictor(await learned.rtx5090gpu_torch29_amp!());
    const rows = [1, 14, 14, 1024];
    const [layer, group] = (['layernorm', 'groupnorm'] as const).map((op) => {
      const [x, y] = ['x', 'y'].map((name) => ({
        name,
        dataType: 'float32' as const,
        shape: rows,
      }));
      const attributes = op === 'groupnorm' ? { groups: 32 } : { axis: 3 };
      const graph = createGraph({
        name: op,
        inputs: ['x'],
        outputs: ['y'],
        tensors: [
          { ...x!, kind: 'input', layout: 'NHWC' },
          { ...y!, kind: 'activation', layout: 'NHWC' },
        ],
        nodes: [{ name: op, op, sourceOp: op, inputs: ['x'], outputs: ['y'], attributes } as Node],
      });
      return rtx5090.predictGraph(graph).latencyMs;
    });
    expect(group! / layer!).toBeGreaterThan(2);
  });

  test('a factor by channel makes the product float32, a number does not', () => {
    const number = msOf(scaled([]));
    const byChannel = msOf(scaled([1, CHANNELS, 1, 1]));
    // 2 + 4 bytes an element in place of 2 + 2.
    expect(byChannel / number).toBeGreaterThan(1.3);
    expect(byChannel / number).toBeLessThan(1.7);
  });

  test('what reads it is float32 too, until a convolution converts it', () => {
    const relu: Write = (builder, x) => builder.relu(x);
    const [wide, narrow] = [[1, CHANNELS, 1, 1], []].map((shape) => {
      const [factor, first, all] = [
        msOf(scaled(shape)),
        msOf(sequence(scaled(shape), relu)),
        msOf(sequence(scaled(shape), relu, conv(false), relu)),
      ];
      return { relu: first! - factor!, rest: all! - first! };
    });
    expect(wide!.relu / narrow!.relu).toBeGreaterThan(1.5);
    const conversion = wide!.rest - narrow!.rest;
    expect(conversion / narrow!.relu).toBeGreaterThan(0.8);
    expect(conversion / narrow!.relu).toBeLessThan(2);
  });

  // https://github.com/huggingface/pytorch-image-models/pull/1747: ConvNeXt Tiny on an RTX 3090, 2,817 images/s without its
  // factors, 2,486 with them, both with --fast-norm.
  test('the factors of ConvNeXt cost what others measured', () => {
    const [without, whole] = [false, true].map((isScaled) => msOf(convNextBlocks(isScaled)));
    expect(whole! / without!).toBeGreaterThan(2817 / 2486 - 0.05);
    expect(whole! / without!).toBeLessThan(2817 / 2486 + 0.05);
  });
});

function convNextBlocks(isScaled: boolean): Write {
  return (builder, image) => {
    let x = image;
    for (let block = 0; block < 3; block++) {
      let y = builder.dwconv(x, { kernel: 7, padding: 3 });
      y = builder.layernorm(builder.transpose(y, [0, 2, 3, 1]));
      y = builder.fc(builder.unary('gelu', builder.fc(y, 4 * CHANNELS)), CHANNELS);
      y = builder.transpose(y, [0, 3, 1, 2]);
      if (isScaled) y = builder.mul(y, builder.constant(`scale ${block}`, [CHANNELS, 1, 1]));
      x = builder.add(y, x);
    }
    return x;
  };
}
