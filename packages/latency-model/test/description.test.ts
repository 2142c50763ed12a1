import { expect, test } from '@jest/globals';
import { decodeLatencyModel, descriptionKey } from '@nnmeter/latency-model';
import { createPredictor } from '@nnmeter/predictor';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import { buildModel } from '@nnmeter/zoo';

const [kernel] = createPredictor(cortexA76).describeKernels(buildModel('mobilenet_v2'));
const fields = Object.keys(kernel!) as (keyof NonNullable<typeof kernel>)[];

test.each(fields)('descriptions that differ in %s alone are told apart', (field) => {
  const other = { ...kernel!, [field]: kernel![field] + 1 };
  const model = decodeLatencyModel(Buffer.from(cortexA76.weights, 'base64'));
  expect(model.predictDescribed(kernel!).description).toEqual(kernel);
  expect(model.predictDescribed(other).description).toEqual(other);
  expect(descriptionKey(other)).not.toBe(descriptionKey(kernel!));
});
