/** Time of one model by group of kernels, ms; a group is a path from coarse to fine, e.g. `conv`, `conv 3x3`. */
export type TimeByGroup = ReadonlyMap<string, number>;

/** Factor of a kernel: the common one plus the corrections of all its groups. */
export interface Factors {
  readonly scale: number;
  readonly corrections: Readonly<Record<string, number>>;
}

/** Strength that pulls corrections of coarse groups (`conv`) to 0, in measurements, and of fine ones (`conv 3x3`). */
const COARSE_PRIOR = 0.02;
const FINE_PRIOR = 0.15;
/** Relative errors beyond this, or beyond twice the median, count linearly: single models may be outliers. */
const LEAST_OUTLIER = 0.03;
/** Groups that take less than this share of every model are not corrected. */
const LEAST_SHARE = 0.01;
/** With fewer measurements only the common factor is fitted. */
const LEAST_FOR_GROUPS = 3;
/** Corrections are bounded so that no factor is more than this far from the common one. */
const GREATEST_CORRECTION = 0.8;
const ROUNDS = 200;

/** Factor of kernels that belong to all of the groups. */
export function factorOf({ scale, corrections }: Factors, groups: readonly string[]): number {
  let correction = 0;
  for (const group of groups) {
    if (Object.hasOwn(corrections, group)) correction += corrections[group]!;
  }
  return (
    scale * (1 + Math.max(-GREATEST_CORRECTION, Math.min(GREATEST_CORRECTION * 5, correction)))
  );
}

/**
 * Ridge regression of relative errors: a common factor (the median ratio), and per group a correction that stays near 0
 * where the measurements say little.
 * @param totals predicted time of each measured model, ms
 * @param groups the same by group; groups overlap, so that they do not add up to the total
 * @param measured ms
 */
export function fitFactors(
  totals: readonly number[],
  groups: readonly TimeByGroup[],
  measured: readonly number[],
): Factors {
  const scale = median(totals.map((total, index) => measured[index]! / total));
  if (totals.length < LEAST_FOR_GROUPS) return { scale, corrections: {} };
  const shares = new Map<string, Float64Array>();
  for (const [index, parts] of groups.entries()) {
    for (const [group, ms] of parts) {
      const share = shares.get(group) ?? new Float64Array(totals.length);
      shares.set(group, share);
      share[index]! += (scale * ms) / measured[index]!;
    }
  }
  const errors = totals.map((total, index) => (scale * total) / measured[index]! - 1);
  const corrections = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    const sizes = errors.map(Math.abs);
    const outlier = Math.max(LEAST_OUTLIER, 2 * median(sizes));
    const weight = sizes.map((size) => Math.min(1, outlier / size));
    for (const [group, share] of shares) {
      if (Math.max(...share) < LEAST_SHARE) continue;
      const old = corrections.get(group) ?? 0;
      const prior = group.includes(' ') ? FINE_PRIOR : COARSE_PRIOR;
      let slope = -prior * old;
      let curvature = prior;
      for (const [index, error] of errors.entries()) {
        slope -= weight[index]! * share[index]! * error;
        curvature += weight[index]! * share[index]! ** 2;
      }
      const correction = Math.max(-GREATEST_CORRECTION, Math.min(5, old + slope / curvature));
      for (const index of errors.keys()) errors[index]! += (correction - old) * share[index]!;
      corrections.set(group, correction);
    }
  }
  return { scale, corrections: Object.fromEntries(corrections) };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
