import fc from 'fast-check';
import { formats } from './formats/index.ts';
import { judge, type Verdict } from './judge.ts';

/** What a child process tells its parent: that it can begin, then what came of each input. */
export type Report = 'ready' | { readonly index: number; readonly verdict: Verdict };

/** Of one input. */
const MAX_PROCESSOR_MS = 2000;
const MAX_GROWTH_MEGABYTES = 300;

/** The same mutant for the same format, seed and index. */
export function mutantAt(
  mutants: fc.Arbitrary<Uint8Array>,
  seed: number,
  index: number,
): Uint8Array {
  const mixed = (Math.imul(seed, 0x9e3779b1) + index) | 0;
  return fc.sample(mutants, { seed: mixed, numRuns: 1 })[0]!;
}

/** Judges mutants one after another, from an index on, until the parent ends the process. */
async function judgeAll(name: string, seed: number, first: number): Promise<void> {
  const format = formats.find((each) => each.name === name)!;
  const mutants = format.mutants();
  await tell('ready');
  for (let index = first; ; index++) {
    const bytes = mutantAt(mutants, seed, index);
    const before = measure();
    const verdict = await judge(format, bytes);
    await tell({ index, verdict: withMeasures(verdict, before, measure()) });
  }
}

/** Resolves when it is on its way, so that a parent that falls behind slows the child down. */
function tell(report: Report): Promise<void> {
  return new Promise((resolve) => process.send!(report, () => resolve()));
}

interface Measures {
  readonly processorMs: number;
  readonly megabytes: number;
  readonly peakMegabytes: number;
}

function measure(): Measures {
  const { user, system } = process.cpuUsage();
  return {
    processorMs: (user + system) / 1000,
    megabytes: process.memoryUsage.rss() / 2 ** 20,
    peakMegabytes: process.resourceUsage().maxRSS / 2 ** 10,
  };
}

/** An input that took too much is a finding, whatever came of it. */
function withMeasures(verdict: Verdict, before: Measures, after: Measures): Verdict {
  const processorMs = after.processorMs - before.processorMs;
  if (processorMs > MAX_PROCESSOR_MS) {
    const message = `it took ${Math.round(processorMs)} ms of processor time`;
    return { outcome: 'violated', oracle: 'time', message, stack: '' };
  }
  const growth = after.peakMegabytes - before.megabytes;
  if (after.peakMegabytes > before.peakMegabytes && growth > MAX_GROWTH_MEGABYTES) {
    const message = `memory grew by ${Math.round(growth)} MB`;
    return { outcome: 'violated', oracle: 'memory', message, stack: '' };
  }
  return verdict;
}

const [name, seed, first] = process.argv.slice(2);
if (process.send !== undefined) await judgeAll(name!, Number(seed), Number(first));
