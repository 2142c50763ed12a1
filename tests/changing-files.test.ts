import { copyFileSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { frontend as nniFrontend } from '@nnmeter/frontend-nni';
import { frontend as irFrontend } from '@nnmeter/frontend-nnmeter-ir';
import { frontend as onnxFrontend } from '@nnmeter/frontend-onnx';
import { frontend as tfFrontend } from '@nnmeter/frontend-tf';
import { openModel, readModel } from '@nnmeter/model-source';
import { onWindows, testIf } from './support/test-if.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');

/** Protobuf files are larger than what is read of them when they are opened. */
const FRONTENDS = [
  ['ONNX', onnxFrontend, 'onnx/tiny_swin.onnx'],
  ['TensorFlow', tfFrontend, 'tf/mobilenet_v1.pb'],
  ['nn-Meter IR', irFrontend, 'nn-meter-ir/conv_block.json'],
  ['NNI', nniFrontend, 'nn-meter-ir/conv_block.json'],
] as const;

describe.each(FRONTENDS)('%s: a file that shrinks after it was opened', (_, frontend, fixture) => {
  const file = join(mkdtempSync(join(tmpdir(), 'nnmeter-')), 'model');

  test.each([0, 1, 0.5])('a part of %p is left: one error that names it', async (part) => {
    copyFileSync(join(FIXTURES, fixture), file);
    const source = await openModel(file);
    truncateSync(file, part === 1 ? 1 : Math.floor(statSync(file).size * part));
    await expect(readModel(source, frontend)).rejects.toMatchObject({
      name: 'NnMeterError',
      code: expect.stringMatching(/^E_(INVALID_INPUT|UNSUPPORTED_FORMAT)$/),
      where: { file },
    });
  });
});

testIf(!onWindows, 'an open file stays there')('a file that is gone is read', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'nnmeter-')), 'model');
  copyFileSync(join(FIXTURES, 'onnx/mobilenet_v2.onnx'), file);
  const source = await openModel(file);
  rmSync(file);
  expect((await readModel(source, onnxFrontend)).nodes.length).toBeGreaterThan(50);
});
