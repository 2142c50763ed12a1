import {
  copyFileSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { onWindows, testIf, testLinks } from '../../../tests/support/test-if.ts';
import {
  folderWith,
  MOBILENET_V1_PB,
  nnMeter,
  type Prediction,
  parseOutput,
  RESNET18,
} from './run.ts';

test('writes <input>_onnx_ir.json, which predicts the same latency', async () => {
  const folder = folderWith({});
  copyFileSync(RESNET18, join(folder, 'resnet18.onnx'));
  const run = await nnMeter(['get_ir', '--onnx', 'resnet18.onnx'], folder);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toContain('resnet18_onnx_ir.json');
  const predicted = await nnMeter(['resnet18.onnx', 'resnet18_onnx_ir.json', '--json'], folder);
  const predictions = parseOutput<Prediction>('predict', predicted.stdout);
  expect(predictions).toHaveLength(8);
  for (let device = 0; device < 4; device++) {
    const [onnx, ir] = [predictions[device], predictions[device + 4]];
    expect(ir?.type).toBe('nnmeter-ir');
    expect(ir?.predictor).toBe(onnx?.predictor);
    expect(ir?.latencyMs).toBeCloseTo(onnx!.latencyMs, 9);
  }
});

test('--output names the file, "-" is stdout, --json says what was written', async () => {
  const folder = folderWith({});
  copyFileSync(MOBILENET_V1_PB, join(folder, 'net.pb'));
  const [named, piped, json] = await Promise.all([
    nnMeter(['getir', '--tensorflow', 'net.pb', '-o', 'named.json'], folder),
    nnMeter(['getir', 'net.pb', '--output', '-'], folder),
    nnMeter(['getir', '--tensorflow', 'net.pb', '--json'], folder),
  ]);
  expect([named.code, piped.code, json.code]).toEqual([0, 0, 0]);
  expect(parseOutput('convert', json.stdout)).toMatchObject([
    { model: 'net.pb', type: 'pb', output: 'net_pb_ir.json' },
  ]);
  const text = readFileSync(join(folder, 'named.json'), 'utf8');
  expect(piped.stdout).toBe(text);
  expect(readFileSync(join(folder, 'net_pb_ir.json'), 'utf8')).toBe(text);
});

test('nothing is written for a bad model, and nothing half-written where writing fails', async () => {
  const folder = folderWith({ 'bad.onnx': 'no model', 'net.onnx': readFileSync(RESNET18) });
  const [bad, unwritable] = await Promise.all([
    nnMeter(['getir', '--onnx', 'bad.onnx'], folder),
    nnMeter(['getir', '--onnx', 'net.onnx', '-o', 'missing/folder/out.json'], folder),
  ]);
  expect(bad.code).toBe(1);
  expect(unwritable.code).toBe(1);
  expect(unwritable.stderr).toContain('missing/folder/out.json');
  expect(readdirSync(folder).sort()).toEqual(['bad.onnx', 'net.onnx']);
  expect(existsSync(join(folder, 'missing'))).toBe(false);
});

const testUnix = testIf(!onWindows, 'Windows has no such devices');

test.each(['getir', 'export'])('%s does not write over the model', async (command) => {
  const folder = folderWith({});
  copyFileSync(RESNET18, join(folder, 'resnet18.onnx'));
  linkSync(join(folder, 'resnet18.onnx'), join(folder, 'same.onnx'));
  for (const output of ['./resnet18.onnx', 'same.onnx']) {
    const run = await nnMeter([command, 'resnet18.onnx', '--output', output], folder);
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr).toMatch(/would overwrite resnet18\.onnx/);
  }
  expect(readFileSync(join(folder, 'resnet18.onnx'))).toEqual(readFileSync(RESNET18));
});

testLinks('nor over what links to the model', async () => {
  const folder = folderWith({});
  copyFileSync(RESNET18, join(folder, 'resnet18.onnx'));
  symlinkSync('resnet18.onnx', join(folder, 'link.onnx'));
  const run = await nnMeter(['getir', 'resnet18.onnx', '--output', 'link.onnx'], folder);
  expect(run.stderr).toMatch(/would overwrite resnet18\.onnx/);
  expect(readFileSync(join(folder, 'resnet18.onnx'))).toEqual(readFileSync(RESNET18));
});

testUnix('--output onto a device or a link writes through it', async () => {
  const folder = folderWith({ 'net.onnx': readFileSync(RESNET18), 'target.json': 'old' });
  symlinkSync('/dev/null', join(folder, 'null'));
  symlinkSync('target.json', join(folder, 'link.json'));
  const [device, link, external] = await Promise.all([
    nnMeter(['getir', 'net.onnx', '--output', 'null'], folder),
    nnMeter(['getir', 'net.onnx', '--output', 'link.json'], folder),
    nnMeter(['export', 'net.onnx', '--external', '--output', 'null'], folder),
  ]);
  expect([device.code, link.code, external.code]).toEqual([0, 0, 1]);
  expect(readlinkSync(join(folder, 'null'))).toBe('/dev/null');
  expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  expect(readlinkSync(join(folder, 'link.json'))).toBe('target.json');
  expect(readFileSync(join(folder, 'target.json'), 'utf8')).toContain('"inbounds"');
  expect(external.stderr).toMatch(/external weights need a file beside the model; "null" is a dev/);
  expect(readdirSync(folder).sort()).toEqual(['link.json', 'net.onnx', 'null', 'target.json']);
});

test('export writes ONNX that predicts the same latency, whatever the source', async () => {
  const folder = folderWith({ 'net.pb': readFileSync(MOBILENET_V1_PB) });
  const [zoo, external] = await Promise.all([
    nnMeter(['export', '--to', 'onnx', '--torchvision', 'resnet18', '--json'], folder),
    nnMeter(['export', 'net.pb', '--external', '-o', 'net.onnx'], folder),
  ]);
  expect(parseOutput('convert', zoo.stdout)).toMatchObject([
    { model: 'resnet18', type: 'torchvision', output: 'resnet18_torchvision.onnx' },
  ]);
  expect(external.code).toBe(0);
  const files = ['--onnx', 'resnet18_torchvision.onnx', 'net.onnx', '--tensorflow', 'net.pb'];
  const args = ['--predictor', 'cortexa76', ...files, '--torchvision', 'resnet18', '--json'];
  const predicted = await nnMeter(args, folder);
  const [zooOnnx, netOnnx, net, resnet18] = parseOutput<Prediction>('predict', predicted.stdout);
  expect(zooOnnx?.latencyMs).toBeCloseTo(resnet18!.latencyMs, 6);
  expect(netOnnx?.latencyMs).toBeCloseTo(net!.latencyMs, 6);
  expect(readdirSync(folder).sort()).toEqual([
    'net.onnx',
    'net.onnx.weights',
    'net.pb',
    'resnet18_torchvision.onnx',
  ]);
});
