import { describe, expect, test } from '@jest/globals';
import {
  broadcastShapes,
  concatShapes,
  elementCount,
  inferOutputShapes,
  matMulShape,
  NnMeterError,
  normalizeAxis,
  reduceShape,
  reshapeShape,
  samePads,
  sliceExtent,
  splitShapes,
  transposedWindowExtent,
  transposeShape,
  windowExtent,
} from '@nnmeter/ir';
import fc from 'fast-check';

const extent = fc.integer({ min: 1, max: 6 });
const shapes = fc.array(extent, { minLength: 1, maxLength: 4 });
const window = fc.record({
  kernel: fc.integer({ min: 1, max: 4 }),
  stride: fc.integer({ min: 1, max: 4 }),
  dilation: fc.integer({ min: 1, max: 3 }),
  padBegin: fc.nat(3),
  padEnd: fc.nat(3),
});

/** Where a window may start so that all of its taps lie in the padded input. */
function starts(
  input: number,
  w: { kernel: number; stride: number; dilation: number; padBegin: number; padEnd: number },
) {
  const positions: number[] = [];
  for (
    let start = 0;
    start + w.dilation * (w.kernel - 1) < input + w.padBegin + w.padEnd;
    start += w.stride
  ) {
    positions.push(start);
  }
  return positions;
}

const mismatch = (run: () => unknown): boolean => {
  try {
    run();
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(NnMeterError);
    expect((error as NnMeterError).code).toBe('E_SHAPE');
    return true;
  }
};

describe('window arithmetic against enumeration', () => {
  test('windowExtent counts the positions of the window', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), window, (input, w) => {
        const positions = starts(input, w);
        if (positions.length === 0) expect(mismatch(() => windowExtent(input, w))).toBe(true);
        else expect(windowExtent(input, w)).toBe(positions.length);
      }),
    );
  });

  test('ceilMode adds at most one window, which starts before the trailing pad', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), window, (input, w) => {
        const positions = starts(input, w);
        fc.pre(positions.length > 0);
        const next = positions.at(-1)! + w.stride;
        const reach = positions.at(-1)! + w.dilation * (w.kernel - 1) + 1;
        const uncovered = reach < input + w.padBegin + w.padEnd;
        const startsInside = next < input + w.padBegin;
        const last = positions.at(-1)! < input + w.padBegin;
        fc.pre(last);
        const expected = positions.length + (uncovered && startsInside ? 1 : 0);
        expect(windowExtent(input, { ...w, ceilMode: true })).toBe(expected);
      }),
    );
  });

  test('samePads make ceil(input / stride) windows, with no row to spare', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        window,
        (input, { kernel, stride, dilation }) => {
          const [padBegin, padEnd] = samePads(input, { kernel, stride, dilation });
          const full = { kernel, stride, dilation, padBegin, padEnd };
          expect(windowExtent(input, full)).toBe(Math.ceil(input / stride));
          expect(padEnd - padBegin === 0 || padEnd - padBegin === 1).toBe(true);
          expect(samePads(input, { kernel, stride, dilation }, 'lower')).toEqual([
            padEnd,
            padBegin,
          ]);
          if (padEnd > 0 && starts(input, { ...full, padEnd: padEnd - 1 }).length > 0) {
            expect(windowExtent(input, { ...full, padEnd: padEnd - 1 })).toBeLessThan(
              Math.ceil(input / stride),
            );
          }
        },
      ),
    );
  });

  test('a transposed window undoes the window that made its input', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), window, (input, w) => {
        fc.pre(starts(input, w).length > 0);
        const output = windowExtent(input, w);
        const lost =
          input +
          w.padBegin +
          w.padEnd -
          (w.dilation * (w.kernel - 1) + 1) -
          (output - 1) * w.stride;
        expect(transposedWindowExtent(output, { ...w, outputPadding: lost })).toBe(input);
      }),
    );
  });

  test('sliceExtent is the length of the slice', () => {
    const index = fc.integer({ min: -9, max: 9 });
    fc.assert(
      fc.property(
        fc.nat(6),
        index,
        index,
        fc.integer({ min: -3, max: 3 }),
        (length, start, end, step) => {
          if (step === 0) {
            expect(mismatch(() => sliceExtent(length, start, end, step))).toBe(true);
            return;
          }
          // Python: wrap a negative index once, then clamp.
          const wrap = (i: number) => (i < 0 ? i + length : i);
          const taken: number[] = [];
          if (step > 0) {
            const stop = Math.min(wrap(end), length);
            for (let i = Math.max(wrap(start), 0); i < stop; i += step) taken.push(i);
          } else {
            const stop = Math.max(wrap(end), -1);
            for (let i = Math.min(wrap(start), length - 1); i > stop; i += step) taken.push(i);
          }
          expect(sliceExtent(length, start, end, step)).toBe(taken.length);
        },
      ),
    );
  });
});

describe('rules on whole shapes', () => {
  test('broadcastShapes agrees with pairing axes from the end', () => {
    const sparse = fc.array(fc.constantFrom(1, 1, 2, 3), { maxLength: 4 });
    fc.assert(
      fc.property(sparse, sparse, (a, b) => {
        const rank = Math.max(a.length, b.length);
        const pairs = Array.from({ length: rank }, (_, i) => [
          a[a.length - rank + i] ?? 1,
          b[b.length - rank + i] ?? 1,
        ]);
        const fits = pairs.every(([x, y]) => x === y || x === 1 || y === 1);
        if (fits) {
          const expected = pairs.map(([x, y]) => Math.max(x!, y!));
          expect(broadcastShapes(a, b)).toEqual(expected);
          expect(broadcastShapes(b, a)).toEqual(expected);
        } else expect(mismatch(() => broadcastShapes(a, b))).toBe(true);
      }),
    );
  });

  test('splitShapes and concatShapes undo each other', () => {
    fc.assert(
      fc.property(
        shapes,
        fc.nat(3),
        fc.array(extent, { minLength: 1, maxLength: 4 }),
        (base, at, sizes) => {
          const axis = at % base.length;
          const whole = base.with(
            axis,
            sizes.reduce((sum, size) => sum + size),
          );
          const parts = splitShapes(whole, axis - base.length, sizes);
          expect(parts.map((part) => part[axis])).toEqual(sizes);
          expect(concatShapes(parts, axis)).toEqual(whole);
          expect(mismatch(() => splitShapes(whole, axis, [...sizes, 1]))).toBe(true);
        },
      ),
    );
  });

  test('transposeShape moves every extent where the permutation says', () => {
    fc.assert(
      fc.property(
        shapes.chain((shape) =>
          fc.tuple(
            fc.constant(shape),
            fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }),
          ),
        ),
        ([shape, perm]) => {
          const moved = transposeShape(shape, perm);
          for (const [to, from] of perm.entries()) expect(moved[to]).toBe(shape[from]);
          expect(
            transposeShape(
              moved,
              perm.map((_, axis) => perm.indexOf(axis)),
            ),
          ).toEqual(shape);
        },
      ),
    );
  });

  test('reshapeShape keeps the number of elements and finds the missing extent', () => {
    fc.assert(
      fc.property(shapes, shapes, fc.nat(3), (from, to, at) => {
        const hole = at % to.length;
        const rest = elementCount(to) / to[hole]!;
        const total = elementCount(from);
        const target = to.with(hole, -1);
        if (total % rest !== 0)
          expect(mismatch(() => reshapeShape(from, target, false))).toBe(true);
        else expect(elementCount(reshapeShape(from, target, false))).toBe(total);
      }),
    );
    expect(reshapeShape([2, 3, 4], [0, -1], true)).toEqual([2, 12]);
    expect(mismatch(() => reshapeShape([2, 3], [4, 2], false))).toBe(true);
    expect(mismatch(() => reshapeShape([2, 3], [-1, -1], false))).toBe(true);
  });

  test('reduceShape, matMulShape, normalizeAxis', () => {
    expect(reduceShape([2, 3, 4], [-1, 0], true)).toEqual([1, 3, 1]);
    expect(reduceShape([2, 3, 4], [-1, 0], false)).toEqual([3]);
    expect(reduceShape([2, 3, 4], [], false)).toEqual([]);
    expect(matMulShape([5, 1, 2, 3], [4, 3, 7])).toEqual([5, 4, 2, 7]);
    expect(matMulShape([3], [4, 3, 7])).toEqual([4, 7]);
    expect(matMulShape([2, 3], [3])).toEqual([2]);
    expect(mismatch(() => matMulShape([2, 3], [4, 5]))).toBe(true);
    expect(normalizeAxis(-2, 4)).toBe(2);
    expect(mismatch(() => normalizeAxis(4, 4))).toBe(true);
    expect(mismatch(() => normalizeAxis(-5, 4))).toBe(true);
    expect(mismatch(() => normalizeAxis(0.5, 4))).toBe(true);
  });

  test.each([
    [
      'ij,jk->ik',
      [
        [2, 3],
        [3, 4],
      ],
      [2, 4],
    ],
    [
      'bhid,bhjd->bhij',
      [
        [1, 2, 5, 8],
        [1, 2, 7, 8],
      ],
      [1, 2, 5, 7],
    ],
    [
      '...ij,...jk',
      [
        [6, 2, 3],
        [3, 4],
      ],
      [6, 2, 4],
    ],
    ['ji', [[2, 3]], [3, 2]],
    ['ii->i', [[3, 3]], [3]],
    ['i,j->', [[2], [3]], []],
  ])('einsum %s', (equation, operands, expected) => {
    const inputs = operands.map((shape) => ({ shape }));
    expect(
      inferOutputShapes({ op: 'einsum', attributes: { equation } }, inputs)?.[0]?.shape,
    ).toEqual(expected);
  });

  test.each([
    [
      'ij,jk->ik',
      [
        [2, 3],
        [4, 5],
      ],
      'index j is both 3 and 4',
    ],
    ['ij->ij', [[2, 3, 4]], 'does not fit the shape [2, 3, 4]'],
    ['ij,jk->ik', [[2, 3]], '2 terms for 1 operands'],
    ['ij->iz', [[2, 3]], 'index z of the result is in no operand'],
  ])('einsum %s of %j is refused', (equation, operands, message) => {
    const inputs = operands.map((shape) => ({ shape }));
    expect(() => inferOutputShapes({ op: 'einsum', attributes: { equation } }, inputs)).toThrow(
      message,
    );
  });

  test('depth to space and back, and top k', () => {
    const image = { shape: [1, 8, 3, 5], layout: 'NCHW' } as const;
    const [wide] = inferOutputShapes({ op: 'depthtospace', attributes: { blockSize: 2 } }, [
      image,
    ])!;
    expect(wide).toEqual({ shape: [1, 2, 6, 10], layout: 'NCHW' });
    expect(
      inferOutputShapes({ op: 'spacetodepth', attributes: { blockSize: 2 } }, [wide!]),
    ).toEqual([image]);
    expect(
      mismatch(() =>
        inferOutputShapes({ op: 'depthtospace', attributes: { blockSize: 3 } }, [image]),
      ),
    ).toBe(true);
    expect(
      inferOutputShapes({ op: 'topk', attributes: { axis: 1, k: 3 } }, [{ shape: [2, 9] }]),
    ).toEqual([{ shape: [2, 3] }, { shape: [2, 3] }]);
  });
});
