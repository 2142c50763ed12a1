import { describe, expect, test } from '@jest/globals';
import { rankCorrelation } from '@nnmeter/latency-model';

describe('how well an order is predicted', () => {
  test('the same order, and the reverse', () => {
    expect(rankCorrelation([1, 2, 3, 4], [10, 20, 30, 100])).toEqual({ spearman: 1, kendall: 1 });
    expect(rankCorrelation([1, 2, 3, 4], [9, 7, 5, 1])).toEqual({ spearman: -1, kendall: -1 });
  });

  test('ties are apart: tau-b and shared ranks', () => {
    // 3 concordant pairs, 0 discordant, a pair tied in x, two in y, none in both: 3 / sqrt(5 * 4).
    const { kendall, spearman } = rankCorrelation([1, 2, 2, 3], [1, 1, 2, 2]);
    expect(kendall).toBeCloseTo(3 / Math.sqrt(5 * 4), 12);
    // Pearson's correlation of (1, 2.5, 2.5, 4) and (1.5, 1.5, 3.5, 3.5).
    expect(spearman).toBeCloseTo(3 / Math.sqrt(4.5 * 4), 12);
  });

  test('undefined where one side is all the same', () => {
    expect(rankCorrelation([1, 1, 1], [1, 2, 3])).toEqual({ spearman: NaN, kendall: NaN });
    expect(rankCorrelation([1], [2])).toEqual({ spearman: NaN, kendall: NaN });
  });

  test('agrees with counting all pairs', () => {
    const x = Array.from({ length: 200 }, (_, at) => (at * 7919) % 101);
    const y = Array.from({ length: 200 }, (_, at) => (at * 104729) % 53);
    const [concordant, discordant, tiedX, tiedY] = countPairs(x, y);
    const expected =
      (concordant - discordant) /
      Math.sqrt((concordant + discordant + tiedY) * (concordant + discordant + tiedX));
    expect(rankCorrelation(x, y).kendall).toBeCloseTo(expected, 12);
  });
});

/** Pairs in the same order, in the other, and tied on one side alone. */
function countPairs(
  x: readonly number[],
  y: readonly number[],
): [concordant: number, discordant: number, tiedX: number, tiedY: number] {
  let [concordant, discordant, tiedX, tiedY] = [0, 0, 0, 0];
  for (let a = 0; a < x.length; a++) {
    for (let b = 0; b < a; b++) {
      const [dx, dy] = [Math.sign(x[a]! - x[b]!), Math.sign(y[a]! - y[b]!)];
      if (dx === 0 && dy === 0) continue;
      if (dx === 0) tiedX++;
      else if (dy === 0) tiedY++;
      else if (dx === dy) concordant++;
      else discordant++;
    }
  }
  return [concordant, discordant, tiedX, tiedY];
}
