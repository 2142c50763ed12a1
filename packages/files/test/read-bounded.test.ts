import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { readBounded, readBoundedText } from '@nnmeter/files';
import { onWindows, testIf } from '../../../tests/support/test-if.ts';

let file: string;
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), 'nn-meter-files-')), 'file');
});

test('a file up to the limit is read, one byte more is refused', async () => {
  writeFileSync(file, Buffer.alloc(200_000, 7));
  expect(await readBounded(file, 200_000)).toEqual(Buffer.alloc(200_000, 7));
  await expect(readBounded(file, 199_999)).rejects.toMatchObject({
    code: 'E_LIMIT',
    message: expect.stringMatching(/file" has over 199,999 bytes/),
  });
});

test('a byte order mark is no part of a text', async () => {
  writeFileSync(file, '\uFEFFü');
  expect(await readBoundedText(file, 100)).toBe('ü');
});

const testLinux = testIf(process.platform === 'linux', 'there is no /proc');

testLinux('a file that announces no size is read', async () => {
  expect(await readBoundedText('/proc/self/cmdline', 1e6)).toContain('node');
});

(onWindows ? test.skip : test).each([
  ['a pipe that nobody writes to', () => execFileSync('mkfifo', [file]), /is a device, a pipe/],
  ['a file that is not there', () => {}, /there is no such file/],
])('%s is an error', async (_, make, reason) => {
  make();
  await expect(readBounded(file, 100)).rejects.toMatchObject({
    code: 'E_FILE',
    message: expect.stringMatching(reason),
  });
});

/** Reads `/dev/stdin`, or what `<(...)` stands for, in a process of its own that a shell starts. */
function readInShell(shell: string, command: string, limit: number): string {
  const script = `import { readBoundedText } from '@nnmeter/files';
    try { console.log(await readBoundedText(process.argv[1], ${limit})) } catch ({ code }) { console.log(code) }`;
  const args = ['-c', command, process.execPath, script];
  return execFileSync(shell, args, { cwd: import.meta.dirname, encoding: 'utf8' });
}

(onWindows ? test.skip : test)('a pipe that a shell hands over is read up to the limit', () => {
  const command = 'printf "a,b\\n1,2" | "$0" --input-type=module -e "$1" /dev/stdin';
  expect(readInShell('sh', command, 7)).toBe('a,b\n1,2\n');
  expect(readInShell('sh', command, 6)).toBe('E_LIMIT\n');
});

testIf(existsSync('/bin/bash'), 'there is no bash')('process substitution is read', () => {
  const command = '"$0" --input-type=module -e "$1" <(printf "a,b")';
  expect(readInShell('/bin/bash', command, 100)).toBe('a,b\n');
});

(onWindows ? test.skip : test).each([
  ['/dev/zero', /is a device, a pipe/],
  [tmpdir(), /is a folder/],
  ['caf\uFFFD.json', /its name is not UTF-8; rename it/],
])('%s is an error', async (path, reason) => {
  await expect(readBounded(path, 100)).rejects.toThrow(reason);
});
