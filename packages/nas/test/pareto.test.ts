import { expect, test } from '@jest/globals';
import { type Costs, dominates, hypervolume, paretoFronts } from '@nnmeter/nas';
import fc from 'fast-check';

const points = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })), {
  minLength: 1,
  maxLength: 40,
});

test('fronts are those of the definition', () => {
  fc.assert(
    fc.property(points, (all) => {
      let left: readonly Costs[] = all;
      const key = (front: readonly Costs[]) => front.map(String).sort();
      for (const front of paretoFronts(all, (point) => point)) {
        const expected = left.filter((point) => !left.some((other) => dominates(other, point)));
        expect(key(front)).toEqual(key(expected));
        left = left.filter((point) => !expected.includes(point));
      }
      expect(left).toEqual([]);
    }),
  );
});

test('hypervolume counts the unit squares that are dominated', () => {
  fc.assert(
    fc.property(points, (all) => {
      let squares = 0;
      for (let x = 0; x < 8; x++)
        for (let y = 0; y < 8; y++) if (all.some(([a, b]) => a <= x && b <= y)) squares++;
      expect(hypervolume(all, [8, 8])).toBe(squares);
    }),
  );
});
