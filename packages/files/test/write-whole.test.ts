import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { isReplaceable, keepTemporary, writeTogether, writeWhole } from '@nnmeter/files';
import { canLink, onWindows, testIf } from '../../../tests/support/test-if.ts';

const testUnix = testIf(!onWindows, 'Windows has no modes');
const describeUnix = onWindows ? describe.skip : describe;

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nn-meter-files-'));
  file = join(folder, 'file');
});

const content = (path: string) => readFileSync(path, 'utf8');
const failure = (reason: RegExp) => ({ code: 'E_FILE', message: expect.stringMatching(reason) });

test('a file is made or replaced, and nothing else is left', async () => {
  await writeWhole(file, 'one');
  await writeWhole(file, new Uint8Array([0x32]));
  expect(content(file)).toBe('2');
  await writeWhole(file, { size: 1e6 });
  expect(readFileSync(file)).toEqual(Buffer.alloc(1e6));
  expect(readdirSync(folder)).toEqual(['file']);
});

test('a name as long as names may be can be written', async () => {
  const long = join(folder, 'x'.repeat(255));
  await writeWhole(long, 'one');
  expect(content(long)).toBe('one');
});

test('of files that belong together none changes if one cannot be written', async () => {
  writeFileSync(file, 'old');
  const gone = join(folder, 'gone/second');
  const files = [file, gone].map((path) => ({ path, content: 'new' }));
  await expect(writeTogether(files)).rejects.toMatchObject(
    failure(/gone\/second": there is no such/),
  );
  expect(content(file)).toBe('old');
  expect(readdirSync(folder)).toEqual(['file']);
});

test('what killed writers have left is deleted once it is a day old', async () => {
  const [old, recent] = ['.nn-meter-old.partial', '.nn-meter-new.partial'];
  for (const name of [old, recent]) writeFileSync(join(folder, name), '');
  const yesterday = Date.now() / 1000 - 25 * 60 * 60;
  utimesSync(join(folder, old), yesterday, yesterday);
  await writeWhole(file, 'one');
  expect(readdirSync(folder).sort()).toEqual([recent, 'file']);
});

test('what is temporary goes when its process exits', () => {
  const code = `
    const { mkdirSync } = await import('node:fs');
    const { keepTemporary } = await import(${JSON.stringify(import.meta.resolve('@nnmeter/files'))});
    for (const path of process.argv.slice(1)) mkdirSync(path), keepTemporary(path);
    process.exit(3);`;
  const paths = ['a', 'b'].map((name) => join(folder, name));
  const args = ['--input-type=module', '--eval', code, '--', ...paths];
  const run = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(run).toMatchObject({ status: 3, stderr: '' });
  expect(readdirSync(folder)).toEqual([]);
});

test('what is temporary goes when it is told to', async () => {
  writeFileSync(file, '');
  await keepTemporary(file)();
  expect(readdirSync(folder)).toEqual([]);
});

testUnix('the mode of a file stays', async () => {
  writeFileSync(file, '');
  chmodSync(file, 0o640);
  await writeWhole(file, 'one');
  expect(statSync(file).mode & 0o777).toBe(0o640);
});

(canLink ? describe : describe.skip)('links', () => {
  test('stay, and what they lead to over other links and folders is replaced', async () => {
    mkdirSync(join(folder, 'real'));
    writeFileSync(join(folder, 'real/target'), 'old');
    symlinkSync('real', join(folder, 'linked'));
    symlinkSync('target', join(folder, 'real/second'));
    symlinkSync('linked/second', file);
    await writeWhole(file, 'new');
    expect(readlinkSync(file)).toBe('linked/second');
    expect(readlinkSync(join(folder, 'real/second'))).toBe('target');
    expect(content(join(folder, 'real/target'))).toBe('new');
    expect(readdirSync(join(folder, 'real')).sort()).toEqual(['second', 'target']);
  });

  test('to a file that is not there yet make it', async () => {
    symlinkSync('target', file);
    await writeWhole(file, 'new');
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(content(join(folder, 'target'))).toBe('new');
  });

  test('in a circle are an error', async () => {
    symlinkSync('file', file);
    await expect(writeWhole(file, 'x')).rejects.toMatchObject(failure(/file".*in a circle/));
  });
});

describeUnix('what is no regular file is written to and stays', () => {
  test('a device behind a link', async () => {
    symlinkSync('/dev/null', file);
    await writeWhole(file, 'lost');
    expect(readlinkSync(file)).toBe('/dev/null');
    expect(statSync(file).isCharacterDevice()).toBe(true);
    expect(await isReplaceable(file)).toBe(false);
  });

  test('a pipe', async () => {
    execFileSync('mkfifo', [file]);
    const reader = spawn('cat', [file], { stdio: ['ignore', 'pipe', 'inherit'] });
    let read = '';
    reader.stdout.on('data', (piece) => {
      read += piece;
    });
    const closed = new Promise((resolve) => reader.on('close', resolve));
    await writeWhole(file, 'x'.repeat(200_000));
    await closed;
    expect(read).toHaveLength(200_000);
    expect(lstatSync(file).isFIFO()).toBe(true);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test.each(['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'])(
    '%s, which a shell has led to the end of a file',
    (stdout) => {
      writeFileSync(file, 'before\n');
      const { status } = inChild(`writeWhole('${stdout}', 'after')`, `>> ${file}`);
      expect(status).toBe(0);
      expect(content(file)).toBe('before\nafter');
    },
  );

  test('a folder, which is an error', async () => {
    await expect(writeWhole(folder, 'x')).rejects.toMatchObject(failure(/it is a folder/));
  });
});

test('of concurrent writers one is last, and no reader sees half of any', async () => {
  const texts = Array.from({ length: 16 }, (_, k) => String(k % 10).repeat(1 << 20));
  writeFileSync(file, texts[0]!);
  let writing = true;
  const done = Promise.all(texts.map((text) => writeWhole(file, text))).finally(() => {
    writing = false;
  });
  while (writing) {
    const seen = content(file);
    expect(seen === seen[0]!.repeat(1 << 20)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await done;
  expect(readdirSync(folder)).toEqual(['file']);
});

describe('nothing changes, and the file is named, where writing is not allowed:', () => {
  test('a folder that is not there', async () => {
    const missing = join(folder, 'missing/file');
    await expect(writeWhole(missing, 'x')).rejects.toMatchObject(
      failure(/missing\/file".*no such/),
    );
    expect(existsSync(join(folder, 'missing'))).toBe(false);
  });

  (onWindows ? test.skip : test).each([
    ['a read-only folder', 0o555, 0o666],
    ['a read-only file', 0o777, 0o444],
  ])('%s', (_, folderMode, fileMode) => {
    writeFileSync(file, 'old');
    chmodSync(file, fileMode);
    chmodSync(folder, folderMode);
    const { status, stderr } = inChild(`writeWhole('${file}', 'new')`);
    expect(status).toBe(1);
    expect(stderr).toMatch(/E_FILE cannot write ".*file": permission denied; .* and its folder/);
    expect(content(file)).toBe('old');
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

/** Runs a call of this package in a process of an ordinary user, with a shell's redirection. */
function inChild(call: string, redirection = '') {
  const code = `import { writeWhole } from ${JSON.stringify(import.meta.resolve('@nnmeter/files'))};
    await ${call}.catch(({ code, message }) => { console.error(code, message); process.exit(1); });`;
  // Root may write anywhere.
  const user = process.getuid?.() === 0 && redirection === '' ? { uid: 65534 } : {};
  return spawnSync(
    'sh',
    ['-c', `"$0" --input-type=module --eval "$1" ${redirection}`, process.execPath, code],
    { encoding: 'utf8', ...user },
  );
}
