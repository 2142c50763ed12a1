import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const HOSTILE = 'a|b <img src=x onerror=alert(1)> @octocat `x`.onnx';

const checkout = mkdtempSync(join(tmpdir(), 'nn-meter-action-'));
const git = (...words: string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...words], {
    cwd: checkout,
    encoding: 'utf8',
  }).trim();
const model = (from: string, to: string) =>
  copyFileSync(join(ROOT, 'fixtures/onnx', from), join(checkout, to));

let comments: { id: number; body: string }[] = [];
let status = 200;
const server = createServer((request, response) => {
  let text = '';
  request.on('data', (chunk) => {
    text += chunk;
  });
  request.on('end', () => {
    const isCommented = /^\/repos\/o\/r\/issues\/7\/comments/.test(request.url ?? '');
    const { body = '' } = text === '' ? {} : JSON.parse(text);
    if (request.headers.authorization !== 'Bearer secret') response.statusCode = 401;
    else if (status !== 200) response.statusCode = status;
    else if (request.method === 'POST' && isCommented)
      comments.push({ id: comments.length + 1, body });
    else if (request.method === 'PATCH' && request.url === '/repos/o/r/issues/comments/2')
      comments[1]!.body = body;
    else if (!(request.method === 'GET' && isCommented)) response.statusCode = 404;
    response.end(JSON.stringify(request.method === 'GET' ? comments : {}));
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  git('init', '--quiet');
  model('squeezenet1_1.onnx', 'net.onnx');
  model('tiny_vit.onnx', 'removed.onnx');
  git('add', '.');
  git('commit', '--quiet', '-m', 'base');
  const sha = git('rev-parse', 'HEAD');
  git('remote', 'add', 'origin', checkout);
  model('mobilenet_v2.onnx', 'net.onnx');
  model('squeezenet1_1.onnx', HOSTILE);
  git('rm', '--quiet', 'removed.onnx');
  writeFileSync(
    join(checkout, 'event.json'),
    JSON.stringify({ pull_request: { number: 7, base: { sha } } }),
  );
});
beforeEach(() => {
  comments = [{ id: 1, body: 'looks good' }];
  status = 200;
});
afterAll(() => {
  server.close();
});

/** Runs the step of action.yml as a runner of GitHub would. */
function runAction(
  environment: Record<string, string>,
): Promise<{ code: number | null; log: string }> {
  const { port } = server.address() as AddressInfo;
  const child = spawn(process.execPath, [join(ROOT, 'scripts/action/main.mjs')], {
    cwd: checkout,
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      GITHUB_API_URL: `http://127.0.0.1:${port}`,
      GITHUB_REPOSITORY: 'o/r',
      GITHUB_EVENT_PATH: join(checkout, 'event.json'),
      GITHUB_STEP_SUMMARY: join(checkout, 'summary.md'),
      NN_METER_COMMAND: `${process.execPath} ${join(ROOT, 'packages/cli/bin/nn-meter.js')}`,
      NN_METER_MODELS: 'net.onnx\nremoved.onnx\n',
      NN_METER_PREDICTORS: 'cortexA76',
      NN_METER_TOKEN: 'secret',
      ...environment,
    },
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, log })));
}

test('a pull request gets one comment, written anew by the next run; a limit fails the job', async () => {
  const models = { NN_METER_MODELS: `net.onnx\n${HOSTILE}\n` };
  expect(await runAction(models)).toMatchObject({ code: 0 });
  const [, first] = comments;
  const [changed] = first!.body.match(/^.*net\.onnx.*$/m) ?? [];
  // squeezenet1_1 has 1.24 M parameters (published), mobilenet_v2 3.50 M, less what batch normalization folds away.
  expect(changed).toMatch(/\d \([+-][\d.]+ %\) \| [\d.]+ MB \(\+\d+ %\) \| 3\.4\d+ M \(\+18\d %\)/);
  expect(first!.body).toMatch(/&#124;.*&#60;img.* \(new\) \| <code>cortexA76cpu_tflite21<\/code>/);
  expect(first!.body).not.toMatch(/<img|@octocat/);

  const over = await runAction({ ...models, NN_METER_MAX_PARAMS: '2M' });
  expect(over.code).toBe(1);
  expect(over.log).toMatch(/over limit: net\.onnx: 3\.4\d M parameters are over/);
  expect(comments).toHaveLength(2);
  expect(comments[1]!.body).toMatch(/<pre>nn-meter&#58; over limit/);
  expect(readFileSync(join(checkout, 'summary.md'), 'utf8')).toContain(comments[1]!.body);
  expect(git('worktree', 'list').split('\n')).toHaveLength(1);
});

test('patterns are what a shell would make of them, in the checkout and on the base branch', async () => {
  mkdirSync(join(checkout, 'sub'));
  model('tiny_vit.onnx', 'sub/untracked.onnx');
  const { code } = await runAction({ NN_METER_MODELS: '*t.onnx\nsub/**/*.onnx\n' });
  expect(code).toBe(0);
  const rows = comments[1]!.body.match(/^\| <code>.*$/gm)!;
  expect(rows).toHaveLength(2);
  expect(rows[0]).toMatch(/sub\/untracked\.onnx<\/code> \(new\)/);
  expect(rows[1]).toMatch(/net\.onnx<\/code> \| .* \([+-]\d+ %\)/);

  const none = await runAction({ NN_METER_MODELS: 'none/*.onnx' });
  expect(none.code).toBe(1);
  expect(none.log).toContain('cannot open "none/*.onnx"');
});

test('a wrong limit is said, and no model is taken to be gone', async () => {
  const wrong = await runAction({ NN_METER_MODELS: 'net.onnx', NN_METER_MAX_MS: 'fast' });
  expect(wrong.code).toBe(1);
  expect(comments[1]!.body).toMatch(/--max-ms fast is no limit/);
  expect(comments[1]!.body).not.toMatch(/Only on the base branch/);
});

test('a model that is gone fails, and is named; a token that may not comment fails nothing else', async () => {
  const gone = await runAction({});
  expect(gone.code).toBe(1);
  expect(comments[1]!.body).toMatch(/removed\.onnx<\/code> \| \| failed: <code>E_FILE/);
  expect(comments[1]!.body).toMatch(/Only on the base branch: <code>removed\.onnx<\/code>/);

  status = 403;
  const forked = await runAction({ NN_METER_MODELS: 'net.onnx' });
  expect(forked).toMatchObject({
    code: 0,
    log: expect.stringMatching(/no comment was written.*403/),
  });
});
