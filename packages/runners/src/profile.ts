import { NnMeterError } from '@nnmeter/ir';

/** The part of an event of ONNX Runtime's profile that is read. */
interface ProfileEvent {
  readonly cat?: string;
  readonly name?: string;
  /** Microseconds. */
  readonly dur?: number;
}

const ENDING = '_kernel_time';

/**
 * Times of nodes by name: the minimum of all runs, ms.
 * @param text a profile of ONNX Runtime: JSON, a list of events
 * @param warmups runs at the beginning that do not count @param runs those that do
 * @throws NnMeterError E_RUNNER if it is no such profile, or lacks some of the runs
 */
export function readProfile(
  text: string,
  { warmups, runs }: { readonly warmups: number; readonly runs: number },
): ReadonlyMap<string, number> {
  const times = new Map<string, number[]>();
  for (const { cat, name, dur } of parseEvents(text)) {
    if (cat !== 'Node' || dur === undefined || !name?.endsWith(ENDING)) continue;
    const node = name.slice(0, -ENDING.length);
    const known = times.get(node);
    if (known === undefined) times.set(node, [dur]);
    else known.push(dur);
  }
  const minima = new Map<string, number>();
  for (const [node, list] of times) {
    if (list.length % (warmups + runs) !== 0) throw incomplete(node, list.length, warmups + runs);
    const perRun = list.length / (warmups + runs);
    let minimum = Infinity;
    for (let start = warmups * perRun; start < list.length; start += perRun) {
      const sum = list.slice(start, start + perRun).reduce((total, each) => total + each, 0);
      minimum = Math.min(minimum, sum / 1000);
    }
    minima.set(node, minimum);
  }
  return minima;
}

function parseEvents(text: string): readonly ProfileEvent[] {
  try {
    const events: unknown = JSON.parse(text);
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
