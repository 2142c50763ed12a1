/** Deterministic pseudo-random numbers in [0, 1) (sfc32 by Chris Doty-Humphrey), the same on every platform. */
export function createRandom(seed: number): () => number {
  let a = 0x9e3779b9 | 0;
  let b = 0x243f6a88 | 0;
  let c = seed | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
  for (let i = 0; i < 15; i++) next();
  return next;
}

/** Writes `size` distinct members of 0..pool.length-1 to the front of `pool` (a permutation, kept between calls). */
export function shuffleFront(pool: Uint16Array, size: number, random: () => number): void {
  for (let i = 0; i < size; i++) {
    const j = i + Math.floor(random() * (pool.length - i));
    const kept = pool[i]!;
    pool[i] = pool[j]!;
    pool[j] = kept;
  }
}
