import { spawnSync } from 'node:child_process';
import { expect } from '@jest/globals';
import { onWindows, testIf } from '../../../tests/support/test-if.ts';
import { BIN, folderWith, RESNET18 } from './run.ts';

/** Runs the real `nn-meter` with at most so many open files. */
function withOpenFiles(count: number, args: readonly string[]) {
  const script = `ulimit -n ${count}; exec "$@"`;
  return spawnSync('sh', ['-c', script, 'sh', process.execPath, BIN, ...args], {
    cwd: folderWith({}),
    encoding: 'utf8',
  });
}

const testLimits = testIf(!onWindows, 'Windows has no ulimit');

testLimits('where too few files may be open, one line says so', () => {
  for (const count of [25, 30]) {
    const { status, stdout, stderr } = withOpenFiles(count, ['--onnx', RESNET18]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^nn-meter: error: .*ulimit -n.*\n$/);
  }
});

testLimits('many models take no more open files than one', () => {
  const many = new Array<string>(300).fill(RESNET18);
  const { status, stderr } = withOpenFiles(128, ['--predictor', 'cortexa76', '--onnx', ...many]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
