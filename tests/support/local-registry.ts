import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packPackages, ROOT } from '../../scripts/pack-packages.mjs';
import { npmCommand } from './npm.ts';
import { publish } from './publish.ts';
import { type Outcome, run } from './run.ts';

const VERDACCIO = join(ROOT, 'node_modules/verdaccio/bin/verdaccio');

type Program = 'npm' | 'npx' | 'node';

export interface LocalRegistry {
  /** Makes an empty folder for a project that installs from the registry. */
  emptyFolder(): string;
  /** Runs npm, npx or Node in such a folder, with npm set to the registry and an empty cache. */
  run(program: Program, args: readonly string[], folder: string): Promise<Outcome>;
  stop(): void;
}

/**
 * Starts verdaccio on loopback with all published packages of this checkout in it; other packages come through it from
 * the registry that npm is set to. Returns the reason as a text if that cannot be done here.
 */
export async function startLocalRegistry(): Promise<LocalRegistry | string> {
  const folder = mkdtempSync(join(tmpdir(), 'nnmeter-registry-'));
  const uplink = (await start('npm', ['config', 'get', 'registry'], folder)).stdout.trim();
  if (!(await answers(`${uplink.replace(/\/$/, '')}/picocolors`))) {
    rmSync(folder, { recursive: true });
    return `the registry ${uplink} does not answer`;
  }
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  writeFileSync(join(folder, 'verdaccio.json'), JSON.stringify(configuration(folder, uplink)));
  writeFileSync(
    join(folder, 'npmrc'),
    `registry=${url}\n` +
      `cache=${join(folder, 'cache').replaceAll('\\', '/')}\n` +
      'audit=false\nfund=false\nupdate-notifier=false\nyes=true\n',
  );
  const environment = { ...withoutNpm(process.env), npm_config_userconfig: join(folder, 'npmrc') };
  const args = [VERDACCIO, '--config', join(folder, 'verdaccio.json'), '--listen', url];
  const server = spawn(process.execPath, args, { stdio: 'ignore' });
  const stop = () => {
    server.kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  if (!(await answers(`${url}/-/ping`, 60))) {
    stop();
    return 'verdaccio does not start';
  }
  for (const { filename } of packPackages(join(folder, 'tarballs'))) await publish(filename, url);
  let projects = 0;
  return {
    emptyFolder() {
      const path = join(folder, `project${projects++}`);
      mkdirSync(path);
      return path;
    },
    run: (program, args, cwd) => start(program, args, cwd, environment),
    stop,
  };
}

function start(
  program: Program,
  args: readonly string[],
  folder: string,
  environment = process.env,
): Promise<Outcome> {
  const [file, ...first] = program === 'node' ? [process.execPath] : npmCommand(program);
  return run(file!, [...first, ...args], folder, environment);
}

function configuration(folder: string, uplink: string) {
  return {
    storage: join(folder, 'storage'),
    uplinks: { npm: { url: uplink } },
    packages: {
      '@nnmeter/*': { access: '$all', publish: '$all' },
      '**': { access: '$all', proxy: 'npm' },
    },
    log: { type: 'stdout', level: 'error' },
  };
}

/** The settings that `npm test` hands on would go before those of the registry's npmrc. */
function withoutNpm(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const entries = Object.entries(environment);
  return Object.fromEntries(entries.filter(([name]) => !/^(npm|pnpm)_/i.test(name)));
}

async function answers(url: string, attempts = 1): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    const signal = AbortSignal.timeout(10_000);
    const response = await fetch(url, { signal }).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok) return true;
    if (attempt >= attempts) return false;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
