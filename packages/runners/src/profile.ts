import { NnMeterError } from '@nnmeter/ir';

/** The part of an event of ONNX Runtime's profile that is read. */
interface ProfileEvent {
  readonly cat?: string;
  readonly name?: string;
  /** Microseconds. */
  readonly dur?: number;
  readonly args?: { readonly op_name?: string };
}

/** A node that ran. */
export interface ProfiledNode {
  readonly name: string;
  readonly opType: string;
  /** The minimum of all runs, or their mean. */
  readonly ms: number;
}

const ENDING = '_kernel_time';

/**
 * The nodes of a profile in the order in which they ran.
 * @param text a profile of ONNX Runtime: JSON, a list of events
 * @param warmups runs at the beginning that do not count @param runs those that do
 * @param figure of the runs: the mean where the clock is so coarse that minima are none of its steps
 * @throws NnMeterError E_RUNNER if it is no such profile, or lacks some of the runs
 */
export function readProfile(
  text: string,
  { warmups, runs }: { readonly warmups: number; readonly runs: number },
  figure: 'minimum' | 'mean' = 'minimum',
): readonly ProfiledNode[] {
  const nodes = new Map<string, { readonly opType: string; readonly times: number[] }>();
  for (const { cat, name, dur, args } of parseEvents(text)) {
    if (cat !== 'Node' || dur === undefined || !name?.endsWith(ENDING)) continue;
    const node = name.slice(0, -ENDING.length);
    const known = nodes.get(node);
    if (known === undefined) nodes.set(node, { opType: args?.op_name ?? '', times: [dur / 1000] });
    else known.times.push(dur / 1000);
  }
  return [...nodes].map(([name, { opType, times }]) => {
    if (times.length % (warmups + runs) !== 0) throw incomplete(name, times.length, warmups + runs);
    const perRun = times.length / (warmups + runs);
    const sums: number[] = [];
    for (let start = warmups * perRun; start < times.length; start += perRun)
      sums.push(sumOf(times.slice(start, start + perRun)));
    const ms = figure === 'mean' ? sumOf(sums) / sums.length : Math.min(...sums);
    return { name, opType, ms };
  });
}

function sumOf(times: readonly number[]): number {
  return times.reduce((sum, each) => sum + each, 0);
}

function parseEvents(text: string): readonly ProfileEvent[] {
  try {
    // It may be printed among other things.
    const events: unknown = JSON.parse(text.slice(text.indexOf('[\n'), text.lastIndexOf(']') + 1));
    if (Array.isArray(events)) return events.filter((event) => typeof event === 'object' && event);
  } catch {}
  throw new NnMeterError('E_RUNNER', 'what ONNX Runtime wrote as a profile is none');
}

function incomplete(node: string, found: number, runs: number): NnMeterError {
  return new NnMeterError(
    'E_RUNNER',
    `the profile of ONNX Runtime has ${found} times of node ${node} in ${runs} runs`,
    { hint: 'measure with fewer runs' },
  );
}
