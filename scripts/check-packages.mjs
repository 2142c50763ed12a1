// Packs every published package and checks what its users would get: the files in the tarball, its package.json, and
// (publint, arethetypeswrong) that code and types resolve. Run it after a build; exit code 1 if anything is wrong.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { packPackages, ROOT } from './pack-packages.mjs';

const ATTW = join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js');
const NEEDED = [
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
  'package.json',
  'dist/index.js',
  'dist/index.d.ts',
];
const UNWANTED = /(^|\/)(test|tests|node_modules|fixtures)\/|\.test\.|\.tsbuildinfo$|(?<!\.d)\.ts$/;
const FIELDS = ['description', 'keywords', 'license', 'repository', 'engines', 'sideEffects'];

const folder = mkdtempSync(join(tmpdir(), 'nnmeter-pack-'));
try {
  const packages = packPackages(folder);
  const remaining = packages.values();
  const problems = (await Promise.all([checkAll(remaining), checkAll(remaining)])).flat();
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`${packages.length} packages: files, package.json, publint, types are in order`);
} finally {
  rmSync(folder, { recursive: true });
}

/** Takes packages from the shared iterator until none is left. */
async function checkAll(remaining) {
  const problems = [];
  for (const packed of remaining) {
    const found = [
      ...checkFiles(packed.files),
      ...checkManifest(packed),
      ...(await lint(packed)),
      ...(await checkTypes(packed.filename)),
    ];
    problems.push(...found.map((problem) => `${packed.name}: ${problem}`));
  }
  return problems;
}

function checkFiles(files) {
  return [
    ...NEEDED.filter((name) => !files.includes(name)).map((name) => `${name} is not packed`),
    ...files.filter((name) => UNWANTED.test(name)).map((name) => `${name} should not be packed`),
  ];
}

function checkManifest({ folder, manifest }) {
  const { repository, publishConfig } = manifest;
  const problems = FIELDS.filter((field) => manifest[field] === undefined).map(
    (field) => `package.json lacks "${field}"`,
  );
  if (repository?.directory !== relative(ROOT, folder))
    problems.push(`"repository.directory" is not ${relative(ROOT, folder)}`);
  if (publishConfig?.access !== 'public' || publishConfig.provenance !== true)
    problems.push('"publishConfig" is not { "access": "public", "provenance": true }');
  return problems;
}

async function lint({ filename, manifest }) {
  const { buffer, byteOffset, byteLength } = readFileSync(filename);
  const tarball = buffer.slice(byteOffset, byteOffset + byteLength);
  const { messages } = await publint({ pack: { tarball } });
  return messages.map((message) => formatMessage(message, manifest, { color: false }));
}

async function checkTypes(tarball) {
  const args = [ATTW, tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-color'];
  return promisify(execFile)(process.execPath, args).then(
    () => [],
    ({ stdout, stderr }) => [`arethetypeswrong:\n${stdout}${stderr}`],
  );
}
