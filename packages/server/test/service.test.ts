import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { loadLatencyPredictor } from '@nnmeter/predictor';
import { type Call, createService, messageSchema } from '@nnmeter/server';
import { Ajv } from 'ajv';
import {
  BYTES,
  dispatch,
  FIXTURES,
  latenciesOf,
  PREDICTORS,
  RESNET18,
  SMALL_IR,
} from './support.ts';

const ajv = new Ajv({ strict: true, allowUnionTypes: true, strictRequired: false });
ajv.addFormat('base64', true);
const predictSchema = new URL('../../report/schema/predict.schema.json', import.meta.url);
ajv.addSchema(JSON.parse(readFileSync(predictSchema, 'utf8')));
ajv.addSchema(messageSchema());

/** The result of a call that succeeds; call and result follow the published schema. */
async function ask<Result>(call: Call): Promise<Result> {
  const { json, code } = await dispatch(call);
  const value = JSON.parse(json);
  expect({ code, value }).toMatchObject({ code: undefined });
  expectSchema(`${call.method}Parameters`, call.params ?? {});
  expectSchema(`${call.method}Result`, value);
  return value;
}

function expectSchema(definition: string, value: unknown): void {
  const id = `https://nnmeter.dev/schema/messages.schema.json#/definitions/${definition}`;
  const isValid = ajv.validate(id, value);
  expect(isValid ? [] : ajv.errorsText(ajv.errors)).toEqual([]);
}

async function refusal(call: Call): Promise<{ code: string; message: string }> {
  const { json, code } = await dispatch(call);
  const failure = JSON.parse(json);
  expect(failure.code).toBe(code);
  expectSchema('response', { id: 1, error: failure });
  return failure;
}

describe('predict', () => {
  const totals = (result: readonly { latencyMs: number }[]) =>
    result.map(({ latencyMs }) => latencyMs);

  const base64 = Buffer.from(BYTES).toString('base64');
  const ALEXNET = { name: 'alexnet', type: 'torchvision' };
  test.each<{ call: Omit<Call, 'method'>; model: unknown; type?: string; title: string }>([
    { title: 'a path', call: { params: { path: RESNET18 } }, model: RESNET18 },
    { title: 'bytes', call: { bytes: BYTES }, model: BYTES },
    { title: 'base64', call: { params: { base64 } }, model: BYTES },
    { title: 'a graph', call: { params: { object: SMALL_IR } }, model: SMALL_IR },
    { title: 'a name', call: { params: ALEXNET }, model: 'alexnet', type: 'torchvision' },
    { title: 'JSON text', call: { json: JSON.stringify({ path: RESNET18 }) }, model: RESNET18 },
  ])('$title is predicted as the library does', async ({ call, model, type }) => {
    const result = await ask<{ latencyMs: number }[]>({ method: 'predict', ...call });
    expect(totals(result)).toEqual(await latenciesOf(model, type));
  });

  test('predictors are chosen by name, short name and version', async () => {
    const params = { path: RESNET18, predictors: ['ADRENO640', 'myriadvpu'], version: '2.0' };
    const result = await ask<{ predictor: string }[]>({ method: 'predict', params });
    expect(result.map(({ predictor }) => predictor)).toEqual([
      'adreno640gpu_tflite21',
      'myriadvpu_openvino2019r2',
    ]);
  });

  test('the predictors of the server come first, by any name and version that means them', async () => {
    const int8 = await loadLatencyPredictor('exynos9820', undefined, { precision: 'int8' });
    const { answer } = createService({ predictors: [int8] });
    const { latencyMs } = await int8.predict(SMALL_IR);
    const asInstalled = await (await loadLatencyPredictor('exynos9820')).predict(SMALL_IR);
    expect(asInstalled.latencyMs).not.toBe(latencyMs);
    for (const version of ['2', '2.0', '2.0.0', undefined]) {
      const params = { object: SMALL_IR, predictors: ['EXYNOS9820'], version };
      const { json } = await answer({ method: 'predict', params });
      expect(totals(JSON.parse(json))).toEqual([latencyMs]);
    }
  });

  test('shapes and assumptions are those of the library', async () => {
    const [predictor] = PREDICTORS;
    const inputShapes = { input: [1, 3, 64, 64] };
    const params = { path: RESNET18, inputShapes, predictors: [predictor!.name] };
    const result = await ask<{ latencyMs: number }[]>({ method: 'predict', params });
    const { latencyMs } = await predictor!.predict(RESNET18, undefined, { inputShapes });
    expect(totals(result)).toEqual([latencyMs]);
  });

  test.each<[string, Omit<Call, 'method'>, string, RegExp]>([
    ['no model', {}, 'E_USAGE', /no model is given; give one of path/],
    ['two models', { params: { path: 'a', base64: 'b' } }, 'E_USAGE', /several models/],
    ['bytes and a path', { params: { path: 'a' }, bytes: BYTES }, 'E_USAGE', /several models/],
    ['an unknown parameter', { params: { modle: 'a' } }, 'E_USAGE', /"modle".*parameters are path/],
    ['a number for a path', { params: { path: 7 } }, 'E_USAGE', /^path: .*string/],
    ['a shape of words', { params: { path: 'a', inputShapes: ['x'] } }, 'E_USAGE', /^inputShapes/],
    ['no predictors', { params: { path: 'a', predictors: [] } }, 'E_USAGE', /^predictors: /],
    ['a name without type', { params: { name: 'resnet18' } }, 'E_USAGE', /needs its type/],
    ['bad base64', { params: { base64: '???' } }, 'E_USAGE', /not valid base64/],
    ['garbage', { params: { base64: 'AAAA' } }, 'E_UNSUPPORTED_FORMAT', /known format/],
    ['no file', { params: { path: 'none.onnx' } }, 'E_FILE', /none\.onnx/],
    ['no JSON', { json: '{"path":' }, 'E_USAGE', /this is no JSON/],
    ['a list', { json: '[1]' }, 'E_USAGE', /parameters of predict: /],
    [
      'an unknown predictor',
      { params: { path: RESNET18, predictors: ['cortexa77'] } },
      'E_UNKNOWN_PREDICTOR',
      /did you mean cortexA76/,
    ],
  ])('%s is one error', async (_, call, code, message) => {
    expect(await refusal({ method: 'predict', ...call })).toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test('a model that is not counted to the end is an error if it should be', async () => {
    const { input, conv } = SMALL_IR;
    const relu = {
      ...{ inbounds: ['conv'], outbounds: ['scores'] },
      attr: { type: 'RoiAlign', input_shape: [[1, 28, 28, 16]] },
    };
    const scores = {
      ...{ inbounds: ['relu'], outbounds: [] },
      attr: { type: 'MatMul', attr: { weight_shape: [1024, 91] } },
    };
    const params = { object: { input, conv, relu, scores } };
    const [{ complete }] = JSON.parse((await dispatch({ method: 'predict', params })).json);
    expect(complete).toBe(false);
    const strict = { method: 'predict', params: { ...params, strict: true } };
    expect(await refusal(strict)).toMatchObject({ code: 'E_INCOMPLETE' });
  });
});

test('a graph comes as nn-Meter IR that predicts the same', async () => {
  const params = { path: RESNET18 };
  const { type, graph } = await ask<{ type: string; graph: object }>({ method: 'graph', params });
  expect(type).toBe('onnx');
  expect(await latenciesOf(graph)).toEqual(await latenciesOf(RESNET18));
});

describe('explain', () => {
  interface Explanation {
    readonly kernel: { readonly nodes: readonly string[]; readonly latencyMs: number };
    readonly pairs: readonly { from: string; to: string; fused: boolean; reason: string }[];
    readonly share: number;
    readonly macs: number;
  }

  test('the kernels by number are those of the prediction, and their shares are all of it', async () => {
    const [predictor] = PREDICTORS;
    const { kernels, latencyMs, startupMs } = await predictor!.predict(SMALL_IR);
    let sum = startupMs / latencyMs;
    for (const [index, { nodes }] of kernels.entries()) {
      const params = { object: SMALL_IR, predictor: predictor!.name, kernel: index };
      const explanation = await ask<Explanation>({ method: 'explain', params });
      expect(explanation.kernel.nodes).toEqual(nodes);
      sum += explanation.share;
    }
    expect(sum).toBeCloseTo(1, 9);
  });

  test('a node names its kernel, with the reason of its fusion and its MACs', async () => {
    const params = { object: SMALL_IR, predictor: 'cortexa76', node: 'relu' };
    const { kernel, pairs, macs } = await ask<Explanation>({ method: 'explain', params });
    expect(kernel.nodes).toEqual(['conv', 'relu']);
    expect(pairs).toContainEqual({
      ...{ from: 'conv', to: 'relu', fused: true },
      reason: expect.stringContaining('BF_conv_relu'),
    });
    expect(macs).toBe(28 * 28 * 16 * 3 * 3 * 3);
  });

  test.each([
    ['neither node nor kernel', {}, /one of node and kernel/],
    ['both', { node: 'relu', kernel: 0 }, /one of node and kernel/],
    ['no such node', { node: 'rleu' }, /no kernel of node "rleu"; there are 1/],
    ['no such kernel', { kernel: 99 }, /no kernel 99/],
  ])('%s is refused', async (_, which, message) => {
    const params = { object: SMALL_IR, predictor: 'cortexa76', ...which };
    expect((await refusal({ method: 'explain', params })).message).toMatch(message);
  });
});

test('devices are those of the library', async () => {
  const found = await ask<{ name: string; installed: boolean }[]>({ method: 'devices' });
  for (const { name } of PREDICTORS) {
    expect(found).toContainEqual(expect.objectContaining({ name, installed: true }));
  }
});

test('a batch answers each request, whatever becomes of the others', async () => {
  const requests = [
    { method: 'predict', params: { object: SMALL_IR } },
    { method: 'predict', params: { path: `${FIXTURES}/none.onnx` } },
    { method: 'batch', params: { requests: [] } },
    { method: 'nothing' },
    { method: 'predict', params: { object: SMALL_IR } },
  ];
  const params = { requests };
  const results = await ask<{ result?: { latencyMs: number }[]; error?: { code: string } }[]>({
    ...{ method: 'batch', params },
  });
  expect(results.map(({ error }) => error?.code)).toEqual([
    undefined,
    'E_FILE',
    'E_USAGE',
    'E_USAGE',
    undefined,
  ]);
  const expected = await latenciesOf(SMALL_IR);
  for (const index of [0, 4]) {
    expect(results[index]!.result!.map(({ latencyMs }) => latencyMs)).toEqual(expected);
  }
});

test('health and schema are answered, unknown methods are not', async () => {
  expect(await ask({ method: 'health' })).toMatchObject({ status: 'ok', waiting: 0 });
  expect(await ask({ method: 'schema' })).toEqual(messageSchema());
  expect(await refusal({ method: 'prdict' })).toMatchObject({
    code: 'E_USAGE',
    message: expect.stringContaining('the methods are health, schema, devices, predict'),
  });
});
