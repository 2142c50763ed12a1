// What action.yml runs: predicts the models of a checkout, and of its base branch in a pull request, writes the comparison
// into the summary of the job and into one comment of the pull request. Exit code: that of the prediction.
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MARKER, renderComment } from './markdown.mjs';

const { env } = process;
const COMMENTS_PER_PAGE = 100;

const head = predict(process.cwd(), limits());
process.stderr.write(head.notes);
const pullRequest = env.GITHUB_EVENT_PATH ? json(env.GITHUB_EVENT_PATH)?.pull_request : undefined;
// What was not even begun, for a wrong limit, says nothing of what is gone.
const isCompared = pullRequest !== undefined && head.predictions.length > 0;
const base = isCompared ? predictBase(pullRequest.base.sha) : undefined;
const comment = renderComment(head.predictions, base, head.notes);
if (env.GITHUB_STEP_SUMMARY) appendFileSync(env.GITHUB_STEP_SUMMARY, comment);
if (pullRequest !== undefined) await post(pullRequest.number, comment);
process.exitCode = head.code;

function predict(folder, options) {
  const [program, ...words] = (env.NN_METER_COMMAND ?? '').split(' ').filter(Boolean);
  const predictors = lines(env.NN_METER_PREDICTORS).flatMap((name) => ['--predictor', name]);
  const models = lines(env.NN_METER_MODELS).flatMap((line) => matches(line, folder));
  if (models.length === 0) throw new Error('the input "models" names no model');
  const further = lines(env.NN_METER_ARGUMENTS);
  if (further.some((argument) => argument.startsWith('--sweep')))
    throw new Error('a table of changes has one row a model; take --sweep out of "arguments"');
  const { status, stdout, stderr, error } = spawnSync(
    program,
    [...words, 'predict', '--json', ...predictors, ...options, ...further, '--', ...models],
    { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 30 },
  );
  if (error !== undefined) throw error;
  const predictions = stdout === '' ? [] : JSON.parse(stdout);
  return { predictions, notes: stderr, code: status ?? 1 };
}

/** The files that a pattern stands for, models/*.onnx or models/**\/*.onnx, as no shell reads it; itself if there are none. */
function matches(line, folder) {
  if (!/[*?]/.test(line)) return [line];
  const { stdout } = spawnSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--', `:(glob)${line}`],
    { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 30 },
  );
  const found = (stdout ?? '').split('\0').filter(Boolean);
  return found.length > 0 ? found : [line];
}

function limits() {
  return [
    ['--max-ms', env.NN_METER_MAX_MS],
    ['--max-memory', env.NN_METER_MAX_MEMORY],
    ['--max-params', env.NN_METER_MAX_PARAMS],
  ].flatMap(([option, value]) => (value ? [`${option}=${value}`] : []));
}

/** Predictions of the models as they are in a commit; undefined if that cannot be had. */
function predictBase(commit) {
  const folder = mkdtempSync(join(env.RUNNER_TEMP ?? tmpdir(), 'nn-meter-base-'));
  const checkout = join(folder, 'checkout');
  try {
    git('fetch', '--no-tags', '--depth=1', 'origin', commit);
    git('worktree', 'add', '--detach', checkout, commit);
    return predict(checkout, []).predictions.filter(({ error }) => error === undefined);
  } catch (error) {
    console.error(`nn-meter: the base branch cannot be predicted: ${error.message}`);
    return undefined;
  } finally {
    spawnSync('git', ['worktree', 'remove', '--force', checkout]);
    rmSync(folder, { recursive: true, force: true });
  }
}

function git(...words) {
  const { status, stderr, error } = spawnSync('git', words, { encoding: 'utf8' });
  if (status !== 0) throw error ?? new Error(`git ${words[0]}: ${stderr.trim()}`);
}

/** Writes the comment of an earlier run anew, or a first one. Tokens of forks may not, which is no failure. */
async function post(number, body) {
  const repository = `${env.GITHUB_API_URL}/repos/${env.GITHUB_REPOSITORY}`;
  try {
    const former = await findComment(`${repository}/issues/${number}/comments`);
    if (former === undefined)
      await request('POST', `${repository}/issues/${number}/comments`, { body });
    else await request('PATCH', `${repository}/issues/comments/${former}`, { body });
  } catch (error) {
    console.error(`nn-meter: no comment was written: ${error.message}`);
  }
}

async function findComment(url) {
  for (let page = 1; ; page++) {
    const found = await request('GET', `${url}?per_page=${COMMENTS_PER_PAGE}&page=${page}`);
    const own = found.find(({ body }) => body?.startsWith(MARKER));
    if (own !== undefined || found.length < COMMENTS_PER_PAGE) return own?.id;
  }
}

async function request(method, url, content) {
  const response = await fetch(url, {
    method,
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${env.NN_METER_TOKEN}`,
      'content-type': 'application/json',
    },
    body: content && JSON.stringify(content),
  });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status}`);
  return response.json();
}

function lines(text = '') {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

function json(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
