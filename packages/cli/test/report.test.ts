import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { folderWith, MOBILENET_V2, nnMeter, SMALL_IR } from './run.ts';

const SMALL = { 'small.json': JSON.stringify(SMALL_IR) };

test('a page of a model on all devices, and what became of the others', async () => {
  const folder = folderWith({ ...SMALL, 'broken.onnx': 'no model' });
  const run = await nnMeter(['report', 'small.json', 'broken.onnx', MOBILENET_V2], folder);
  expect(run).toMatchObject({ code: 1, stdout: '' });
  expect(run.stderr).toMatch(/error: .*broken\.onnx.*\nnn-meter: wrote report\.html\n$/);
  const page = readFileSync(join(folder, 'report.html'), 'utf8');
  for (const text of ['small.json', 'mobilenet_v2.onnx', 'Google Pixel 4', 'Movidius Myriad X'])
    expect(page).toContain(text);
  expect(page).toMatch(/class="warning">broken\.onnx: /);
});

test('a page on stdout; one device', async () => {
  const folder = folderWith(SMALL);
  const args = ['report', 'small.json', '--predictor', 'myriad', '-o', '-'];
  const run = await nnMeter(args, folder);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toMatch(/^<!doctype html>/);
  expect(run.stdout).not.toContain('Pixel');
  expect(existsSync(join(folder, 'report.html'))).toBe(false);
  const setting = ['--precision', 'int8', '--cores', '4 little'];
  const other = await nnMeter([...args, ...setting, '--predictor', 'applea12'], folder);
  expect(other.stderr).toMatch(/"myriadvpu_openvino2019r2" knows no "int8, 4 little"/);
  const learned = ['report', 'small.json', '--predictor', 'applea12', '-o', '-', ...setting];
  expect((await nnMeter(learned, folder)).stdout).toMatch(/iPhone XS, [^<]*, int8, 4 little</);
});

test('nothing that is read is overwritten, and no page is written of nothing', async () => {
  const folder = folderWith({ ...SMALL, 'broken.onnx': 'no model' });
  const over = await nnMeter(['report', 'small.json', '-o', './small.json'], folder);
  expect(over).toMatchObject({ code: 1, stderr: expect.stringMatching(/would overwrite/) });
  expect((await nnMeter(['report', 'broken.onnx'], folder)).code).toBe(1);
  expect((await nnMeter(['report', 'small.json', '--json'], folder)).stderr).toMatch(
    /report writes a page; JSON is what nn-meter predict --json prints/,
  );
  expect((await nnMeter(['report'], folder)).stderr).toMatch(/no model given.*E_USAGE/);
  expect((await nnMeter(['report', 'small.json', '-o', 'no/such/r.html'], folder)).stderr).toMatch(
    /E_FILE/,
  );
  expect(existsSync(join(folder, 'report.html'))).toBe(false);
});
