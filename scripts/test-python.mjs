// Runs the tests of python/nnmeter: builds its wheel, installs it beside what it is tested with (PyPI), once apart for NNI, and
// checks its types. The environments are kept in ~/.cache/nnmeter-python (or NNMETER_PYTHON_CACHE) and made anew when their
// requirements change. NNI wants Python 3.11; NNMETER_PYTHON names another one.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PACKAGE = join(ROOT, 'python/nnmeter');
const CACHE = process.env.NNMETER_PYTHON_CACHE ?? join(homedir(), '.cache/nnmeter-python');
/** Environments, with the tests that run in each. */
const ENVIRONMENTS = {
  main: ['tests', '--ignore=tests/test_nni.py'],
  nni: ['test_nni', 'test_examples', 'test_table', 'test_limits'].map((name) => `tests/${name}.py`),
};

const python = findPython();
const wheel = buildWheel();
let failed = 0;
for (const [name, tests] of Object.entries(ENVIRONMENTS)) {
  const program = environment(name);
  run(program, ['-m', 'pip', 'install', '--quiet', '--no-deps', '--force-reinstall', wheel]);
  console.log(`Python tests in the environment "${name}"`);
  failed += test(program, ['-m', 'pytest', '-p', 'no:cacheprovider', ...tests]);
  if (name === 'main') failed += test(program, ['-m', 'mypy']);
}
process.exitCode = failed > 0 ? 1 : 0;

function findPython() {
  const wanted = process.env.NNMETER_PYTHON;
  const found = (wanted === undefined ? ['python3.11', 'python3', 'python'] : [wanted]).find(
    (program) => spawnSync(program, ['-c', 'import venv']).status === 0,
  );
  if (found !== undefined) return found;
  throw new Error('there is no Python; install 3.11, or name one in NNMETER_PYTHON');
}

/** The program of an environment that has what its requirements ask for. */
function environment(name) {
  const requirements = join(ROOT, `python/requirements-${name}.txt`);
  const version = spawnSync(python, ['--version'], { encoding: 'utf8' }).stdout;
  const key = createHash('sha256').update(version).update(readFileSync(requirements)).digest('hex');
  const folder = join(CACHE, name);
  const stamp = join(folder, 'made-of');
  const program = join(
    folder,
    ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']),
  );
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === key) return program;
  console.log(`making the environment "${name}" in ${folder}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  run(python, ['-m', 'venv', folder]);
  run(program, ['-m', 'pip', 'install', '--quiet', '-r', requirements]);
  writeFileSync(stamp, key);
  return program;
}

function buildWheel() {
  const folder = join(CACHE, 'wheel');
  rmSync(folder, { recursive: true, force: true });
  run(python, ['-m', 'pip', 'wheel', '--quiet', '--no-deps', '--wheel-dir', folder, PACKAGE]);
  for (const left of ['build', 'src/nnmeter.egg-info']) {
    rmSync(join(PACKAGE, left), { recursive: true, force: true });
  }
  return join(folder, readdirSync(folder)[0]);
}

function run(program, args) {
  const { status } = spawnSync(program, args, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} has failed`);
}

function test(program, args) {
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
  return spawnSync(program, args, { cwd: PACKAGE, stdio: 'inherit', env }).status === 0 ? 0 : 1;
}
