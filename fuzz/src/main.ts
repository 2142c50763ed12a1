import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mutantAt } from './child.ts';
import { Findings } from './findings.ts';
import type { FuzzFormat } from './format.ts';
import { formats } from './formats/index.ts';
import { judge } from './judge.ts';
import { run } from './run.ts';

// npm run fuzz -- FORMAT [SECONDS [SEED]] [--findings FOLDER], or list, or FORMAT --file FILE: see README.md.

const USAGE = `usage: npm run fuzz -- FORMAT [SECONDS [SEED]] [--findings FOLDER]
       npm run fuzz -- FORMAT --file FILE
       npm run fuzz -- list`;

class UsageError extends Error {}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { findings: { type: 'string', default: 'fuzz-findings' }, file: { type: 'string' } },
  });
  const [name, seconds = '60', seed = String(Date.now() % 2 ** 31)] = positionals;
  if (name === undefined || positionals.length > 3) throw new UsageError(USAGE);
  if (name === 'list') {
    for (const format of formats) console.log(format.name);
    return 0;
  }
  const format = formats.find((each) => each.name === name);
  if (format === undefined) {
    const names = formats.map((each) => each.name).join(', ');
    throw new UsageError(`unknown format "${name}"; there are ${names}`);
  }
  if (values.file !== undefined) return judgeFile(format, values.file);
  return fuzz(format, toNumber(seconds, 'SECONDS'), toNumber(seed, 'SEED'), values.findings);
}

function toNumber(text: string, what: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new UsageError(`${what} must be a whole number, not "${text}"\n${USAGE}`);
}

async function judgeFile(format: FuzzFormat, file: string): Promise<number> {
  const verdict = await judge(format, new Uint8Array(readFileSync(file)));
  console.log(verdict);
  return verdict.outcome === 'violated' ? 1 : 0;
}

/** @returns the exit code: 1 with findings */
async function fuzz(
  format: FuzzFormat,
  seconds: number,
  seed: number,
  folder: string,
): Promise<number> {
  const { name } = format;
  const mutants = format.mutants();
  const findings = new Findings(format, folder);
  const temporary = mkdtempSync(join(tmpdir(), 'nnmeter-fuzz-'));
  const refused = new Map<string, number>();
  let [inputs, accepted] = [0, 0];
  const summary = (): void => {
    rmSync(temporary, { recursive: true, force: true });
    const codes = [...refused]
      .sort((a, b) => b[1] - a[1])
      .map(([code, count]) => `${code} ${count}`);
    console.log(
      `${name}, seed ${seed}: ${inputs} inputs, ${accepted} accepted, refused ${codes.join(', ') || 'none'}; ${findings.count} findings of ${findings.kinds} kinds`,
    );
  };
  process.once('SIGINT', () => {
    summary();
    process.exit(130);
  });
  await run({
    format: name,
    seed,
    seconds,
    temporary,
    onVerdict(index, verdict) {
      inputs++;
      if (verdict.outcome === 'accepted') accepted++;
      else if (verdict.outcome === 'refused') {
        refused.set(verdict.code, (refused.get(verdict.code) ?? 0) + 1);
      } else {
        const origin = `seed ${seed}, input ${index}`;
        const file = findings.add(verdict, mutantAt(mutants, seed, index), origin);
        if (file !== undefined) {
          console.log(`${verdict.oracle}: ${verdict.message.slice(0, 300)}\n  ${file}`);
        }
      }
    },
  });
  summary();
  return findings.count > 0 ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage =
    error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  if (!isUsage) throw error;
  console.error((error as Error).message);
  process.exitCode = 2;
}
