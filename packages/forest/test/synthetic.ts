import type { AggregatedData } from '@nnmeter/forest';

/** Numerical Recipes' linear congruential generator: independent of the generator under test. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export function rootMeanSquare(errors: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < errors.length; i++) sum += errors[i]! ** 2;
  return Math.sqrt(sum / errors.length);
}

/** Friedman's first benchmark function (1991) with noise. */
export function friedman(count: number, seed: number) {
  const random = uniform(seed);
  const featureCount = 5;
  const rows = Float32Array.from({ length: count * featureCount }, random);
  const features = new Float32Array(rows.length);
  const target = new Float64Array(count);
  for (let j = 0; j < count; j++) {
    const x = Array.from(rows.subarray(j * featureCount, (j + 1) * featureCount));
    x.forEach((value, f) => {
      features[f * count + j] = value;
    });
    const [a, b, c, d, e] = x as [number, number, number, number, number];
    target[j] =
      10 * Math.sin(Math.PI * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e + random() - 0.5;
  }
  return { features, featureCount, target, rows };
}

/** Models of kernels whose true times differ from the base times by a step function of the features. */
export function hiddenKernels(options: { kernels: number; models: number; seed: number }) {
  const { kernels, models, seed } = options;
  const random = uniform(seed);
  const featureCount = 4;
  const features = Float32Array.from({ length: featureCount * kernels }, () =>
    Math.floor(random() * 64),
  );
  const baseTime = Float64Array.from({ length: kernels }, () => 0.1 + random());
  const truth = baseTime.map((base, j) => {
    const a = features[j]!;
    const b = features[kernels + j]!;
    return (
      base * Math.exp((a < 20 ? 0.4 : -0.2) + (b % 2 ? 0 : 0.1) + (a > 40 && b > 32 ? 0.3 : 0))
    );
  });
  const perModel = 10;
  const measured = new Float64Array(models);
  const constant = Float64Array.from({ length: models }, () => 0.5);
  const kernelIndex = new Uint32Array(models * perModel);
  const uses = new Float32Array(models * perModel);
  for (let i = 0; i < models; i++) {
    measured[i] = constant[i]!;
    for (let p = i * perModel; p < (i + 1) * perModel; p++) {
      kernelIndex[p] = Math.floor(random() * kernels);
      uses[p] = 1 + Math.floor(random() * 3);
      measured[i]! += uses[p]! * truth[kernelIndex[p]!]!;
    }
  }
  const data: AggregatedData = {
    features,
    featureCount,
    baseTime,
    modelStart: Uint32Array.from({ length: models + 1 }, (_, i) => i * perModel),
    kernelIndex,
    uses,
    measured,
    constant,
  };
  return { data, truth };
}
