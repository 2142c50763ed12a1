import { expect, test } from '@jest/globals';
import { createPredictor } from '@nnmeter/predictor';
import adreno640 from '@nnmeter/predictor-adreno640';
import { buildModel } from '@nnmeter/zoo';

test('what a predictor remembers does not change its answers, however many kernels it has seen', () => {
  const predictor = createPredictor(adreno640);
  const kernels = predictor.describeKernels(buildModel('mobilenet_v2'));
  const variants = Array.from({ length: 40_000 }, (_, index) => {
    const kernel = kernels[index % kernels.length]!;
    return { ...kernel, outChannels: 1 + Math.floor(index / kernels.length) };
  });
  const answers = variants.map((kernel) => predictor.kernelsTotalMs([kernel]));
  for (let index = 0; index < variants.length; index += 37) {
    const kernel = [variants[index]!];
    expect(predictor.kernelsTotalMs(kernel)).toBe(answers[index]);
    if (index % 3700 === 0)
      expect(createPredictor(adreno640).kernelsTotalMs(kernel)).toBe(answers[index]);
  }
});
