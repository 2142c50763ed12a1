import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { NnMeterError } from '@nnmeter/ir';
import { evaluate, reportToJson, sweepOf } from '@nnmeter/report';
import { Ajv } from 'ajv';
import { reportsOn, reportWithLongNames } from './reports.ts';

const folder = new URL('../schema/', import.meta.url);
const ajv = new Ajv({ allErrors: true });
for (const file of readdirSync(folder))
  ajv.addSchema(JSON.parse(readFileSync(new URL(file, folder), 'utf8')), file);
const schemaOf = (name: string) => ajv.getSchema(`${name}.schema.json`)!;

test.each(['mobilenet_v3_small', 'efficientnet_b0', 'swin_t'])(
  '%s: reports are as the schema says',
  (model) => {
    const reports = reportsOn(model);
    const json = JSON.parse(
      JSON.stringify(reports.map((each) => reportToJson('m', 'torch', each))),
    );
    const validate = schemaOf('predict');
    validate(json);
    expect(validate.errors).toBeNull();
    for (const [index, { kernels, ...others }] of reports.entries()) {
      expect(json[index]).toMatchObject({ ...others, model: 'm', type: 'torch' });
      const sum = kernels.reduce(
        (total, { latencyMs }) => total + latencyMs,
        json[index].startupMs,
      );
      expect(sum).toBeCloseTo(json[index].latencyMs, 9);
    }
  },
);

test.each(['startupMs', 'latencyMs', 'coverage', 'uncounted', 'complete', 'kernels'])(
  'the schema asks for %s',
  (field) => {
    const { [field]: _, ...rest } = {
      ...reportToJson('m', 'onnx', reportWithLongNames()),
    } as Record<string, unknown>;
    expect(schemaOf('predict')([rest])).toBe(false);
  },
);

test('sweeps are as the schema says, failed values too', () => {
  const reports = reportsOn('mobilenet_v3_small');
  const error = new NnMeterError('E_SHAPE', 'too small', { where: { node: 'fc' } });
  const points = [
    { value: 32, error },
    { value: 224, reports },
  ];
  const sweep = sweepOf({ model: 'm', type: 'onnx', variable: 'resolution' }, points);
  const validate = schemaOf('sweep');
  validate(JSON.parse(JSON.stringify([sweep])));
  expect(validate.errors).toBeNull();
  expect(sweep.points[0]).toMatchObject({ value: 32, error: { code: 'E_SHAPE' } });
});

test('evaluations are as the schema says', () => {
  const comparison = { id: 'resnet18_1', measured: 10, predicted: 11 };
  for (const inInterval of [true, undefined]) {
    const evaluation = evaluate({ name: 'device', version: '1' }, 'd.jsonl', [
      { ...comparison, inInterval },
    ]);
    const validate = schemaOf('eval');
    validate(JSON.parse(JSON.stringify([evaluation])));
    expect(validate.errors).toBeNull();
    expect(evaluation).toMatchObject({ count: 1, within5: 0, within10: 1 });
  }
});
