import { expect, test } from '@jest/globals';
import { type KernelDescription, KIND, macsOf, termSets } from '@nnmeter/latency-model';
import fc from 'fast-check';

const { terms } = termSets.vpu;

interface Shape {
  side: number;
  channels: number;
  outChannels: number;
  window: number;
  stride?: number;
  pooled?: number;
}

function conv({ side, channels, outChannels, window, stride = 1, pooled = 0 }: Shape) {
  const outSide = Math.ceil(side / Math.max(1, stride));
  const kernel: KernelDescription = {
    kind: KIND.conv,
    borrowsKind: 0,
    unmeasuredVariant: 0,
    batch: 1,
    depth: 1,
    height: side,
    width: side,
    channels,
    outDepth: 1,
    outHeight: outSide,
    outWidth: outSide,
    outChannels,
    kernelDepth: 1,
    kernelHeight: window,
    kernelWidth: window,
    strideHeight: stride,
    strideWidth: stride,
    dilation: 1,
    groups: 1,
    activation: 1,
    fusedKinds: 0,
    unmeasuredOperations: 0,
    fusedInputs: 0,
    readByPoolingOnly: pooled,
    inputs: 1,
    outputs: 1,
    unalignedConcatElements: 0,
    inner: 0,
    inputElements: side * side * channels,
    outputElements: outSide * outSide * outChannels,
    hasBias: 0,
    float32Elements: 0,
  };
  const values = new Float64Array(terms.names.length);
  terms.fill(kernel, values);
  const term = (name: string): number => {
    expect(terms.names).toContain(name);
    return values[terms.names.indexOf(name)]!;
  };
  return { kernel, term };
}

test('a convolution that fits is one tile: 256 cycles a pixel for 256 channels in one block', () => {
  const { term } = conv({ side: 14, channels: 256, outChannels: 256, window: 1 });
  expect(term('conv: cycles')).toBe(256 * 14 * 14);
  expect(term('conv: tiles - 1')).toBe(0);
});

test('a low tile full of junk is preferred to channel tiles', () => {
  // 57 channels are 16 blocks of 4, whose buffer holds 9 rows: too few for a 7x7 window unless the tile is that low.
  // A tile of 9 rows yields 3, the first one 6, so that 35 of them leave 4 rows (7 with junk) to the last one.
  // A descriptor takes 4 x 49 cycles and 31 of set-up.
  const { term } = conv({ side: 112, channels: 57, outChannels: 128, window: 7 });
  expect(term('conv: tiles - 1')).toBe(35);
  expect(term('conv: cycles') / (8 * (4 * 49 + 31))).toBe(112 * (35 * 9 + 7));
});

test('output that is pooled next is computed in pieces of 128 channels without spatial tiles', () => {
  const shape = { side: 28, channels: 96, outChannels: 384, window: 7 };
  const pooled = conv({ ...shape, pooled: 1 });
  // Two channel tiles of 48 = 16 blocks of 3; three pieces of 8 descriptors.
  expect(pooled.term('conv: cycles')).toBe(3 * 2 * 8 * (3 * 49 + 31) * 28 * 28);
  expect(pooled.term('conv: tiles - 1')).toBe(0);
  expect(conv(shape).term('conv: tiles - 1')).toBeGreaterThan(0);
});

test('what no tiling fits runs in software', () => {
  const { kernel, term } = conv({ side: 112, channels: 51, outChannels: 408, window: 1 });
  expect(term('conv: cycles')).toBe(0);
  expect(term('software conv: MACs')).toBe(macsOf(kernel));
});

test.each([0, -0, -1])('a window of stride %d runs in software', (stride) => {
  const { kernel, term } = conv({ side: 6, channels: 8, outChannels: 16, window: 3, stride });
  expect(term('software conv: MACs')).toBe(macsOf(kernel));
});

test('the unit never beats 256 multiply-accumulates a cycle', () => {
  fc.assert(
    fc.property(
      fc.record({
        side: fc.integer({ min: 1, max: 256 }),
        channels: fc.integer({ min: 1, max: 1500 }),
        outChannels: fc.integer({ min: 1, max: 1500 }),
        window: fc.constantFrom(1, 3, 5, 7, 11),
        stride: fc.constantFrom(1, 2, 4),
        pooled: fc.constantFrom(0, 1),
      }),
      (shape) => {
        const { kernel, term } = conv(shape);
        if (term('software conv: MACs') > 0) return;
        expect(term('conv: cycles') * 256).toBeGreaterThanOrEqual(macsOf(kernel));
      },
    ),
    { numRuns: 200 },
  );
});
