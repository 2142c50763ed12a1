// Packs every published package and checks what its users would get: the files in the tarball, its package.json, and
// (publint, arethetypeswrong) that code and types resolve. Run it after a build; exit code 1 if anything is wrong.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { packPackages, ROOT, readTarball } from './pack-packages.mjs';
import {
  INSTALL_SCRIPTS,
  LICENCES,
  runTimePackages,
  supplyChainProblems,
} from './supply-chain.mjs';

const NEEDED = [
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
  'package.json',
  'dist/index.js',
  'dist/index.d.ts',
];
const UNWANTED = /(^|\/)(test|tests|node_modules|fixtures)\/|\.test\.|\.tsbuildinfo$|(?<!\.d)\.ts$/;
const FIELDS = ['description', 'keywords', 'license', 'author', 'engines', 'sideEffects'];
const REPOSITORY = 'https://github.com/nnmeter/nnmeter';
const GENERATED = /^\/\/ Generated from .+ by \S+: do not edit\.\n/;

const folder = mkdtempSync(join(tmpdir(), 'nnmeter-pack-'));
try {
  const packages = packPackages(folder);
  const others = runTimePackages();
  const problems = supplyChainProblems(others);
  problems.push(...checkLicences(packages, others));
  for (const packed of packages) problems.push(...(await checkAll(packed)));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`${packages.length} packages: files, package.json, publint, types are in order`);
} finally {
  rmSync(folder, { recursive: true });
}

async function checkAll(packed) {
  const found = [
    ...checkFiles(packed.files),
    ...checkManifest(packed),
    ...checkGenerated(packed.folder),
    ...(await lint(packed)),
    ...(await checkTypes(packed.filename)),
  ];
  return found.map((problem) => `${packed.name}: ${problem}`);
}

function checkFiles(files) {
  return [
    ...NEEDED.filter((name) => !files.includes(name)).map((name) => `${name} is not packed`),
    ...files.filter((name) => UNWANTED.test(name)).map((name) => `${name} should not be packed`),
  ];
}

function checkManifest({ folder, manifest }) {
  const directory = relative(ROOT, folder).replaceAll(sep, '/');
  const { publishConfig, scripts = {} } = manifest;
  const problems = FIELDS.filter((field) => manifest[field] === undefined).map(
    (field) => `package.json lacks "${field}"`,
  );
  for (const script of INSTALL_SCRIPTS) {
    if (scripts[script] !== undefined) problems.push(`package.json has the script ${script}`);
  }
  const addresses = {
    repository: { type: 'git', url: `git+${REPOSITORY}.git`, directory },
    homepage: `${REPOSITORY}/tree/main/${directory}#readme`,
    bugs: `${REPOSITORY}/issues`,
  };
  for (const [field, address] of Object.entries(addresses)) {
    const [found, wanted] = [manifest[field], address].map((value) => JSON.stringify(value));
    if (found !== wanted) problems.push(`"${field}" is ${found}, not ${wanted}`);
  }
  if (publishConfig?.access !== 'public' || publishConfig.provenance !== true)
    problems.push('"publishConfig" is not { "access": "public", "provenance": true }');
  return problems;
}

/** What the command line ships of the licences of others. */
function checkLicences(packages, others) {
  const { filename } = packages.find(({ name }) => name === '@nnmeter/cli');
  const shipped = readTarball(filename).get(LICENCES)?.toString() ?? '';
  return others
    .filter(
      ({ name, version, licence }) => !shipped.includes(`\n${name} ${version} (${licence})\n`),
    )
    .map(({ name, version }) => `@nnmeter/cli: ${LICENCES} lacks ${name} ${version}`);
}

/** What a script wrote says so in its first line. */
function checkGenerated(folder) {
  const generated = join(folder, 'src/generated');
  if (!existsSync(generated)) return [];
  return readdirSync(generated)
    .filter((name) => !GENERATED.test(readFileSync(join(generated, name), 'utf8')))
    .map((name) => `src/generated/${name} does not begin with what generated it`);
}

async function lint({ filename, manifest }) {
  const { buffer, byteOffset, byteLength } = readFileSync(filename);
  const tarball = buffer.slice(byteOffset, byteOffset + byteLength);
  const { messages } = await publint({ pack: { tarball } });
  return messages.map((message) => formatMessage(message, manifest, { color: false }));
}

/** What TypeScript finds where ES modules are imported; these packages have nothing for CommonJS. */
async function checkTypes(tarball) {
  const analysis = await checkPackage(createPackageFromTarballData(readFileSync(tarball)));
  if (!analysis.types) return ['arethetypeswrong: no types'];
  return analysis.problems
    .filter(({ resolutionKind }) => !['node10', 'node16-cjs'].includes(resolutionKind))
    .map((problem) => `arethetypeswrong: ${JSON.stringify(problem)}`);
}
