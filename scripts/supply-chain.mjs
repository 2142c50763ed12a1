// The packages of others that run on the machines of users: what `npm install -g @nnmeter/cli` brings, as the lockfile
// has it. `node scripts/supply-chain.mjs` writes docs/supply-chain.md, `--licences` the licences that @nnmeter/cli
// ships; scripts/check-packages.mjs checks both.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { licenceTexts } from './licence-texts.mjs';
import { publishedPackages, ROOT } from './pack-packages.mjs';

const PAGE = join(ROOT, 'docs/supply-chain.md');
/** In the package of the command line. */
export const LICENCES = 'dist/THIRD-PARTY-NOTICES.txt';

/** Licences that ask for no more than to be named, by SPDX. */
const PERMISSIVE = [
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  '0BSD',
];

/** What npm runs when a package is installed. */
export const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall'];

/** By name: `name`, `version`, `licence` (SPDX), `homepage`, `folder`, `manifest`, and `users`, who depend on it directly. */
export function runTimePackages() {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(ROOT, 'node_modules/pnpm/bin/pnpm.cjs'),
      ...['--filter', '@nnmeter/cli...', 'licenses', 'list', '--prod', '--json'],
    ],
    { cwd: ROOT, encoding: 'utf8', maxBuffer: 1e8 },
  );
  if (status !== 0) throw new Error(`pnpm licenses fails:\n${stderr}${stdout}`);
  const published = publishedPackages();
  return Object.values(JSON.parse(stdout))
    .flat()
    .flatMap(({ name, license: licence, homepage, paths }) =>
      paths.map((folder) => {
        const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
        const users = published
          .filter((each) => each.manifest.dependencies?.[name] !== undefined)
          .map((each) => each.manifest.name);
        return { name, version: manifest.version, licence, homepage, folder, manifest, users };
      }),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What is wrong with the packages of others, in words. */
export function supplyChainProblems(packages) {
  const problems = [...lockfileProblems()];
  for (const { name, version, licence, folder, manifest } of packages) {
    const scripts = INSTALL_SCRIPTS.filter((script) => manifest.scripts?.[script] !== undefined);
    if (existsSync(join(folder, 'binding.gyp'))) scripts.push('binding.gyp');
    for (const script of scripts)
      problems.push(`${name}@${version} runs ${script} on installation`);
    if (!PERMISSIVE.includes(licence)) problems.push(`${name}@${version} is under ${licence}`);
  }
  if (readFileSync(PAGE, 'utf8') !== page(packages)) {
    problems.push('docs/supply-chain.md is out of date; run: node scripts/supply-chain.mjs');
  }
  return problems;
}

/** lockfile-lint knows npm and Yarn alone: all comes from the registry, whole as it was when it was chosen. */
function lockfileProblems() {
  const lockfile = parse(readFileSync(join(ROOT, 'pnpm-lock.yaml'), 'utf8'));
  return Object.entries(lockfile.packages)
    .filter(([, { resolution }]) => {
      const { integrity, ...elsewhere } = resolution;
      return !/^sha512-[\w+/]{86}==$/.test(integrity) || Object.keys(elsewhere).length > 0;
    })
    .map(([name]) => `pnpm-lock.yaml: ${name} is not of the registry, or without SHA-512`);
}

/** The text of the licences, as they ask for. */
export function licences(packages) {
  return licenceTexts(
    '@nnmeter/cli needs these packages, which npm installs beside it',
    packages.map(({ folder }) => folder),
  );
}

function page(packages) {
  const rows = packages.map(({ name, version, licence, users }) => {
    const needed = users.map((user) => user.replace('@nnmeter/', '')).join(', ');
    return `| ${name} | ${version} | ${licence} | ${needed} |`;
  });
  return `# Supply chain

Written by \`node scripts/supply-chain.mjs\` from the lockfile; \`npm run packages:check\` fails if it is out of date.

\`npm install -g @nnmeter/cli\` brings ${packages.length} packages of others. None of them, nor any of ours, has an install script or is
compiled on installation; all are under permissive licences, whose texts \`@nnmeter/cli\` ships in \`${LICENCES}\`.
The library alone (\`@nnmeter/predictor\` and its frontends) needs fewer: see the last column.

| package | version tested | licence | needed directly by \`@nnmeter/\` |
|---|---|---|---|
${rows.join('\n')}

What guards it:

- \`pnpm-lock.yaml\` pins every package, those for development too, with the SHA-512 of its tarball; \`npm run packages:check\` refuses
  entries that do not come from the registry, and CI installs with \`--frozen-lockfile\`.
- pnpm runs no install scripts here: \`onlyBuiltDependencies\` is empty in \`pnpm-workspace.yaml\`.
- The workflow [audit](../.github/workflows/audit.yml) has osv-scanner look for known vulnerabilities of all of them, with every
  change and once a week.
- Releases carry [provenance](release.md).
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const packages = runTimePackages();
  if (process.argv.includes('--licences')) {
    writeFileSync(join(ROOT, 'packages/cli', LICENCES), licences(packages));
  } else {
    writeFileSync(PAGE, page(packages));
  }
}
