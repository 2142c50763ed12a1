import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { expandPatterns } from '../src/shell-patterns.ts';
import { folderWith } from './run.ts';

const folder = folderWith({
  'b.onnx': '',
  'a.ONNX': '',
  'a.pb': '',
  '.hidden.onnx': '',
  'c+.onnx': '',
});
mkdirSync(join(folder, 'sub'));
writeFileSync(join(folder, 'sub', 'd.onnx'), '');
const within = (...names: string[]) => names.map((name) => `${folder}/${name}`);

test.each([
  ['*.onnx', ['a.ONNX', 'b.onnx', 'c+.onnx']],
  ['?.pb', ['a.pb']],
  ['sub/*', ['sub/d.onnx']],
  ['c+*', ['c+.onnx']],
  ['*.tflite', ['*.tflite']],
  ['gone/*.onnx', ['gone/*.onnx']],
  ['s*/d.onnx', ['s*/d.onnx']],
  ['plain.onnx', ['plain.onnx']],
])('on Windows %s is what a shell would make of it', async (pattern, expected) => {
  const argv = ['--onnx', ...within(pattern), '--json'];
  expect(await expandPatterns(argv, 'win32')).toEqual(['--onnx', ...within(...expected), '--json']);
});

test('options stay, and elsewhere everything does', async () => {
  expect(await expandPatterns(['--predictor=*', '-?'], 'win32')).toEqual(['--predictor=*', '-?']);
  expect(await expandPatterns(within('*.onnx'), 'linux')).toEqual(within('*.onnx'));
});
