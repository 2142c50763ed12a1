import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { type Evaluator, httpEvaluator, search, strategyNamed } from '@nnmeter/nas';
import { commandEvaluator } from '@nnmeter/nas/node';
import { digitScorer } from './support/example.ts';

const SCRIPT = fileURLToPath(new URL('./support/evaluator.js', import.meta.url));
/** Processes start slowly where others compute. */
const PATIENCE = 180_000;
const LIMITS = { parallel: 2, timeoutMs: 60_000 };

function command(mode: string, log = ''): string {
  return [process.execPath, SCRIPT, mode, log].map((part) => `"${part}"`).join(' ');
}

async function run(evaluator: Evaluator, evaluations = 8) {
  const found = await search({
    ...{ scorer: digitScorer(), filters: [], seed: 1, evaluations, evaluator },
    objectives: [{ name: 'accuracy', goal: 'maximize' }],
    strategy: strategyNamed('random'),
  });
  await evaluator.close();
  return found;
}

test(
  'a command evaluates, each candidate once',
  async () => {
    const log = join(mkdtempSync(join(tmpdir(), 'nnmeter-nas-')), 'ids');
    const found = await run(commandEvaluator(command('good', log), LIMITS));
    expect(found.map(({ values }) => values!.accuracy! >= 50)).toEqual(found.map(() => true));
    expect(readFileSync(log, 'utf8').trim().split('\n').map(Number).sort()).toEqual(
      found.map(({ id }) => id),
    );
  },
  PATIENCE,
);

test.each([
  ['garbage', /printed what is no JSON: "epoch 1: loss 0.3"; it answers \{"id"/],
  ['null', /answered with "accuracy", which is no number/],
  ['unknown', /answered candidate 99, which it was not asked for/],
  ['twice', /answered candidate 3 twice/],
])(
  'an evaluator that answers %s is one error',
  async (mode, message) => {
    await expect(run(commandEvaluator(command(mode), LIMITS))).rejects.toMatchObject({
      code: 'E_EVALUATOR',
      message: expect.stringMatching(message),
    });
  },
  PATIENCE,
);

test.each([
  ['crash', 60_000, 2, /it ended \(exit code 7\): CUDA out of memory/],
  ['diverges', 60_000, 2, /loss is NaN/],
  ['hang', 10_000, 1, /it took more than 10 s/],
])(
  'a candidate of which the evaluator makes a %s fails, the others do not',
  async (mode, timeoutMs, tries, reason) => {
    const log = join(mkdtempSync(join(tmpdir(), 'nnmeter-nas-')), 'ids');
    const evaluator = commandEvaluator(command(mode, log), {
      ...{ parallel: 1, timeoutMs, retries: tries - 1 },
    });
    const found = await run(evaluator, 6);
    expect(found.map(({ failed }) => failed === undefined)).toEqual([
      true,
      true,
      true,
      false,
      true,
      true,
    ]);
    expect(found[3]!.failed).toMatch(reason);
    const asked = readFileSync(log, 'utf8').trim().split('\n');
    expect(asked.filter((id) => id === '3')).toHaveLength(tries);
  },
  PATIENCE,
);

test(
  'a command that is not there is the evaluator, not a candidate',
  async () => {
    const missing = commandEvaluator('there-is-no-such-trainer', LIMITS);
    await expect(run(missing)).rejects.toThrow(/5 candidates in a row could not be evaluated/);
    expect(() => commandEvaluator('  ', LIMITS)).toThrow(/empty/);
    expect(existsSync(SCRIPT)).toBe(true);
  },
  PATIENCE,
);

async function withServer(listener: RequestListener, body: (url: string) => Promise<void>) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test(
  'the same messages by HTTP',
  async () => {
    await withServer(
      (request, response) => {
        let text = '';
        request.on('data', (piece) => {
          text += piece;
        });
        request.on('end', () => {
          const { id, sample } = JSON.parse(text);
          if (id === 3) response.writeHead(500).end();
          else if (id === 20) response.end('oops');
          else response.end(JSON.stringify({ id, values: { accuracy: sample.a } }));
        });
      },
      async (url) => {
        const found = await run(httpEvaluator(url, LIMITS));
        expect(found.map(({ failed }) => failed)).toEqual(
          found.map(({ id }) => (id === 3 ? expect.stringMatching(/status 500/) : undefined)),
        );
        await expect(run(httpEvaluator(url, LIMITS), 30)).rejects.toThrow(/no JSON: "oops"/);
      },
    );
    expect(() => httpEvaluator('ftp://x', LIMITS)).toThrow(/no URL of an evaluator/);
  },
  PATIENCE,
);
