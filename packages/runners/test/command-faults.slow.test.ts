import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GraphBuilder } from '@nnmeter/ir';
import { type MeasureOptions, openRunner, type Runner, type RunnerResult } from '@nnmeter/runners';
import { asModel } from './support/models.ts';

const PROGRAM = fileURLToPath(new URL('support/benchmark.mjs', import.meta.url));
const OPTIONS: MeasureOptions = {
  runs: 10,
  warmups: 1,
  threads: 1,
  timeoutMs: 20_000,
  layers: false,
};

const builder = new GraphBuilder('tiny');
const model = asModel(builder.build(builder.relu(builder.input('image', [1, 3, 8, 8]))));

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'nnmeter-faults-')));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;

async function open(mode: string, more: object = {}, rest: string[] = []): Promise<Runner> {
  const file = join(folder, `runner-${++count}.json`);
  const template = {
    name: 'fake',
    format: 'onnx',
    command: [process.execPath, PROGRAM, mode, '{runs}', ...rest],
    latency: { regexp: 'latency: (\\S+) ms', unit: 'ms' },
    ...more,
  };
  writeFileSync(file, JSON.stringify(template));
  return openRunner(file);
}

async function measure(
  mode: string,
  more: object = {},
  rest: string[] = [],
  options: Partial<MeasureOptions> = {},
): Promise<RunnerResult> {
  const runner = await open(mode, more, rest);
  try {
    return await runner.measure(model, { ...OPTIONS, ...options });
  } finally {
    await runner.close();
  }
}

const asError = (message: RegExp) =>
  expect.objectContaining({ code: 'E_RUNNER', message: expect.stringMatching(message) });

test('a program that does what it should', async () => {
  expect(await measure('good')).toEqual({ ms: 5, medianMs: 5, runs: 10 });
});

test.each([
  ['none', /^tiny: runner fake: .*"unknown" is no number/],
  ['nonsense', /nothing in it matches .*all is well, measured 12 of 12/],
  ['zero', /0 ms is no latency/],
  ['not-a-number', /"NaN" is no number of ms/],
  ['negative', /-5 ms is no latency/],
  ['words', /"5\.0\.1" is no number of ms/],
  ['us-as-ms', /tells of 5000 ms, 10 times, but was through after \d+ ms; check the unit/],
  [
    'ms-as-us',
    /tells of 0\.005 ms, but \d+ more runs took more than \d+ ms longer; check the unit/,
  ],
  ['fail', /failed \(exit code 3\).*the device went away/s],
  ['binary', /nothing in it matches/],
  ['flood', /printed more than 64 MiB/],
  ['no-such-mode', /failed \(exit code 1\).*is not a function/s],
])('%s is one error', async (mode, message) => {
  await expect(measure(mode)).rejects.toEqual(asError(message));
});

(process.platform === 'win32' ? test.skip : test)('a crash is told by its signal', async () => {
  await expect(measure('crash')).rejects.toEqual(asError(/was ended by SIGSEGV/));
});

test('messages have neither colours nor control characters of what a program printed', async () => {
  const error = await measure('binary').catch((caught: Error) => caught);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
  expect((error as Error).message).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
});

describe('what hangs', () => {
  const pidFile = () => join(folder, 'grandchild');
  const isAlive = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  const ends = async () => {
    const pid = Number(readFileSync(pidFile(), 'utf8'));
    for (let tries = 0; tries < 100 && isAlive(pid); tries++) await sleep(20);
    return !isAlive(pid);
  };

  test('is ended with all that it started, and the next model is measured', async () => {
    await expect(measure('hang', {}, [pidFile()], { timeoutMs: 1500 })).rejects.toEqual(
      asError(/took more than 1\.\d+ s; allow it more time/),
    );
    if (process.platform !== 'win32') expect(await ends()).toBe(true);
  });

  test('is ended when the user gives up, whose reason is thrown', async () => {
    const giveUp = new AbortController();
    const runner = await open('hang', {}, [pidFile()]);
    rmSync(pidFile(), { force: true });
    const result = runner.measure(model, { ...OPTIONS, signal: giveUp.signal });
    const caught = expect(result).rejects.toThrow('enough');
    for (let tries = 0; tries < 500; tries++) {
      if (readPid(pidFile()) > 0) break;
      await sleep(20);
    }
    giveUp.abort(new Error('enough'));
    await caught;
    await runner.close();
    if (process.platform !== 'win32') expect(await ends()).toBe(true);
  });

  function readPid(path: string): number {
    try {
      return Number(readFileSync(path, 'utf8'));
    } catch {
      return 0;
    }
  }
});

test('a regular expression that never ends is stopped', async () => {
  const latency = { regexp: '((?:a*)*)b', unit: 'ms' };
  const long = 'a'.repeat(40);
  await expect(
    measure('layers', { latency: { ...latency, file: '{dir}/text' } }, [long, '{dir}/text']),
  ).rejects.toEqual(asError(/looking for .* fails: Script execution timed out/));
});

describe('names that a shell would read', () => {
  const names = [
    'a b',
    "it's",
    '"quoted"',
    '$(touch pwned)',
    '`touch pwned`',
    ';touch pwned',
    '--help',
    '%PATH%',
  ];

  test('reach the program as they are', async () => {
    const kept = join(folder, 'kept.json');
    const copy = `fs.copyFileSync('arguments.json', ${JSON.stringify(kept)})`;
    const after = [[process.execPath, '-e', copy]];
    const runner = await open('arguments', { after }, ['{model}', ...names]);
    await runner.measure({ ...model, id: names.join() }, OPTIONS);
    await runner.close();
    const received: string[] = JSON.parse(readFileSync(kept, 'utf8'));
    expect(received.slice(-names.length)).toEqual(names);
    // The file has a name of ours: nothing of the model's.
    expect(received.at(-names.length - 1)).toMatch(/model\.onnx$/);
    expect(existsSync('pwned')).toBe(false);
  });

  test('also in folders and files of the user', async () => {
    const odd = join(folder, "-o $(touch pwned) 'x' y");
    mkdirSync(odd);
    const kept = join(odd, "result's.json");
    const file = join(odd, '-runner $(x).json');
    writeFileSync(
      file,
      JSON.stringify({
        name: 'fake',
        format: 'onnx',
        command: [
          process.execPath,
          PROGRAM,
          'layers',
          '{runs}',
          '[{"ms": 5}, {"ms": 7}, {"ms": 6}]',
          kept,
        ],
        latency: { file: kept, jsonPath: '[*].ms', unit: 'ms' },
      }),
    );
    const runner = await openRunner(file);
    expect(await runner.measure(model, OPTIONS)).toEqual({ ms: 5, medianMs: 6, runs: 10 });
    await runner.close();
  });
});

describe('layers', () => {
  const layers = { arguments: ['{dir}/layers'], file: '{dir}/layers', parser: 'json' };
  const of = (text: string) => measure('layers', { layers }, [text], { layers: true });

  test('are read from a file of a run of their own', async () => {
    const list = [
      { name: 'a', ms: 3, nodes: ['relu_1'] },
      { name: 'b', op: 'Reorder', ms: 1.5 },
    ];
    expect(await of(JSON.stringify(list))).toEqual({ ms: 5, medianMs: 5, runs: 10, layers: list });
  });

  test.each([
    ['nothing', /layers" is not what was expected: it was not written/],
    ['', /it is no list of layers in JSON/],
    ['[]', /there are no layers in it/],
    [
      '[{"name": "a", "ms": 1}]',
      /its 1 layers take 1 ms together, but the model 5 ms: layers are missing/,
    ],
    ['[{"name": "a", "ms": 4000}]', /take 4000 ms together.* in another unit/],
    ['[{"name": "a", "ms": -1}]', /-1 ms is no time of layer "a"/],
    ['[{"name": "a", "ms": null}]', /is no layer; it needs a "name" and "ms"/],
    ['[{"name": "a", "ms": 5}', /it is no list of layers in JSON/],
  ])('%s', async (text, message) => {
    await expect(of(text)).rejects.toEqual(asError(message));
  });
});

test('a device that is lost between bringing the model and measuring it', async () => {
  const flag = join(folder, 'lost');
  const lose = [process.execPath, '-e', `fs.writeFileSync(${JSON.stringify(flag)}, '')`];
  const find = [
    process.execPath,
    '-e',
    `process.exitCode = fs.existsSync(${JSON.stringify(flag)}) ? 1 : 0`,
  ];
  await expect(measure('good', { before: [find, lose, find] })).rejects.toEqual(
    asError(/failed \(exit code 1\)/),
  );
});

test('a program that is not there', async () => {
  const template = { command: ['no-such-benchmark'], install: 'run: pip install benchmark' };
  await expect(measure('good', template)).rejects.toEqual(
    asError(/"no-such-benchmark" is not there; run: pip install benchmark$/),
  );
});

test('the same model a thousand times slower than before', async () => {
  const seconds = join(folder, 'seconds');
  const script = `
    const text = fs.existsSync(process.argv[1]) ? '1' : '0.0005';
    fs.writeFileSync(process.argv[1], text);
    setTimeout(() => console.log('latency: ' + text + ' s'), 1200)`;
  const runner = await open('good', {
    command: [process.execPath, '-e', script, seconds],
    latency: { regexp: 'latency: (\\S+) s', unit: 's' },
  });
  expect((await runner.measure(model, OPTIONS)).ms).toBe(0.5);
  await expect(runner.measure(model, OPTIONS)).rejects.toEqual(
    asError(/the same model took 0\.5 ms and 1000 ms/),
  );
  await runner.close();
});

test('a server that a program starts, and that keeps its output, does not hold anything up', async () => {
  const server = 'setTimeout(() => {}, 15_000)';
  const script = `
    require('child_process').spawn(process.execPath, ['-e', '${server}'], { stdio: 'inherit', detached: true }).unref();
    console.log('latency: 5 ms');
    setTimeout(() => process.exit(), 100);`;
  const limits = { timeoutMs: 10_000 };
  expect(await measure('good', { command: [process.execPath, '-e', script] }, [], limits)).toEqual({
    ms: 5,
    medianMs: 5,
    runs: 1,
  });
});

test('a runner that is closed ends what runs, and measures no more', async () => {
  const runner = await open('hang', {}, [join(folder, 'closed')]);
  const all = Promise.allSettled([runner.measure(model, OPTIONS), runner.measure(model, OPTIONS)]);
  await sleep(200);
  await runner.close();
  for (const { reason } of (await all) as PromiseRejectedResult[]) {
    expect(reason).toEqual(asError(/runner fake was closed/));
  }
  await expect(runner.measure(model, OPTIONS)).rejects.toEqual(asError(/runner fake was closed/));
});

test('calls are served one after another', async () => {
  const log = join(folder, 'log');
  const append = (text: string) => [
    process.execPath,
    '-e',
    `fs.appendFileSync(${JSON.stringify(log)}, ${JSON.stringify(text)})`,
  ];
  const runner = await open('good', { before: [append('(')], after: [append(')')] });
  await Promise.all([1, 2, 3].map(() => runner.measure(model, OPTIONS)));
  await runner.close();
  expect(readFileSync(log, 'utf8')).toBe('()()()');
});

describe('files that describe no runner', () => {
  test.each([
    [{ command: 'benchmark {model}' }, /command must be array/],
    [{ format: 'pb' }, /format must be equal to one of the allowed values: \["onnx","tflite"\]/],
    [{ latency: { regexp: 'ms', unit: 'ms' } }, /latency\.regexp must match format "regex"/],
    [{ latency: { regexp: '(', unit: 'ms' } }, /latency\.regexp must match format "regex"/],
    [{ latency: { unit: 'ms' } }, /latency must have required property 'regexp'/],
    [{ latency: { regexp: '(x)', unit: 'min' } }, /latency\.unit must be equal/],
    [{ command: ['x', '{file}'] }, /nothing is known of \{file\}; known: model, dir/],
    [{ facts: { chip: 'of {model}' } }, /nothing is known of \{model\}; known: processor/],
    [{ shell: true }, /must NOT have additional properties: "shell"/],
  ])('%j', async (part, message) => {
    await expect(open('good', part)).rejects.toMatchObject({
      code: 'E_INVALID_INPUT',
      message: expect.stringMatching(message),
    });
  });

  test('no JSON, no file, no such name', async () => {
    const file = join(folder, 'broken.json');
    writeFileSync(file, '{');
    await expect(openRunner(file)).rejects.toMatchObject({ code: 'E_INVALID_INPUT' });
    await expect(openRunner('absent.json')).rejects.toMatchObject({ code: 'E_FILE' });
    await expect(openRunner('onnx')).rejects.toThrow(/no runner "onnx"; .*onnxruntime, .*openvino/);
  });
});

describe('parameters', () => {
  test.each([
    [{}, /needs serial: the phone/],
    [{ serial: '-x' }, /"-x" is no serial/],
    [{ serial: '' }, /"" is no serial/],
    [{ serial: 'a\nb' }, /is no serial/],
    [{ serial: 'a', phone: 'b' }, /has no parameter "phone"; it has: serial, benchmark/],
  ])('%j', async (parameters, message) => {
    await expect(openRunner('tflite-adb', { parameters })).rejects.toMatchObject({
      code: 'E_USAGE',
      message: expect.stringMatching(message),
    });
  });
});
