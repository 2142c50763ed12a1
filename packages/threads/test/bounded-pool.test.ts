import { afterEach, expect, test } from '@jest/globals';
import { BoundedPool, type PoolLimits } from '@nnmeter/threads';

interface Task {
  readonly kind: string;
  readonly value?: unknown;
}

const SCRIPT = new URL('./support/worker.js', import.meta.url);
let pool: BoundedPool<Task, unknown>;

function open(limits: Partial<PoolLimits>): void {
  const usual = { threads: 1, waiting: 100, taskMs: 30_000, memoryMiB: 512 };
  pool = new BoundedPool(SCRIPT, undefined, { ...usual, ...limits });
}
afterEach(() => pool.close());

test('tasks have their own results, on one thread or several', async () => {
  for (const threads of [1, 2]) {
    open({ threads });
    const values = Array.from({ length: 40 }, (_, index) => index);
    const results = values.map((value) => pool.run({ kind: 'double', value }));
    expect(await Promise.all(results)).toEqual(values.map((value) => value * 2));
    expect(pool).toMatchObject({ running: 0, waiting: 0 });
    await pool.close();
  }
});

test('an error arrives as it was thrown', async () => {
  open({});
  const refused = pool.run({ kind: 'refuse', value: 'a.onnx' });
  await expect(refused).rejects.toMatchObject({
    name: 'NnMeterError',
    code: 'E_FILE',
    message: 'not this one; another',
    where: { file: 'a.onnx' },
    hint: { text: 'another' },
  });
});

test('a task that does not end fails alone; those behind it are done', async () => {
  open({ taskMs: 300 });
  const results = await Promise.allSettled([
    pool.run({ kind: 'hang' }),
    pool.run({ kind: 'double', value: 4 }),
  ]);
  expect(results[0]).toMatchObject({ reason: { code: 'E_TIMEOUT' } });
  expect(results[1]).toEqual({ status: 'fulfilled', value: 8 });
});

test('a task that fills the memory fails alone', async () => {
  open({ memoryMiB: 64 });
  const results = await Promise.allSettled([
    pool.run({ kind: 'fill' }),
    pool.run({ kind: 'double', value: 5 }),
  ]);
  expect(results[0]).toMatchObject({ reason: { code: 'E_LIMIT' } });
  expect(results[1]).toEqual({ status: 'fulfilled', value: 10 });
});

test('a task that ends its thread fails alone', async () => {
  open({});
  const results = await Promise.allSettled([
    pool.run({ kind: 'exit', value: 3 }),
    pool.run({ kind: 'double', value: 6 }),
  ]);
  expect(results[0]).toMatchObject({ reason: { message: expect.stringContaining('code 3') } });
  expect(results[1]).toEqual({ status: 'fulfilled', value: 12 });
});

test('no more than so many wait', async () => {
  open({ waiting: 2 });
  const tasks = Array.from({ length: 4 }, () => pool.run({ kind: 'wait', value: 100 }));
  expect(pool).toMatchObject({ running: 1, waiting: 2 });
  const results = await Promise.allSettled(tasks);
  expect(results.map(({ status }) => status)).toEqual([
    ...['fulfilled', 'fulfilled', 'fulfilled'],
    'rejected',
  ]);
  expect(results[3]).toMatchObject({ reason: { code: 'E_BUSY' } });
});

test('a script that does not load is the error of each task', async () => {
  pool = new BoundedPool(new URL('./support/none.js', import.meta.url), undefined, {
    ...{ threads: 1, waiting: 9, taskMs: 9000, memoryMiB: 64 },
  });
  const results = await Promise.allSettled([pool.run({ kind: '' }), pool.run({ kind: '' })]);
  for (const result of results) expect(result).toMatchObject({ status: 'rejected' });
});

test('once it is closed, what waits is not begun', async () => {
  open({ taskMs: 100 });
  const answers: unknown[] = [];
  const hanging = pool.run({ kind: 'hang' });
  pool.run({ kind: 'double', value: 4 }).then((answer) => answers.push(answer));
  await pool.close();
  await expect(hanging).rejects.toMatchObject({ code: 'E_TIMEOUT' });
  expect(pool).toMatchObject({ running: 0, waiting: 0 });
  expect(answers).toEqual([]);
});
