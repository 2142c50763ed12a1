import { NnMeterError, quote } from '@nnmeter/ir';
import type { Candidate } from './candidate.ts';
import { SIZES, type SizeName } from './figures.ts';
import type { TableScorer } from './table-scorer.ts';

/** What is sought. */
export interface Objective {
  /** A device of the table, `macs`, `parameters`, `activationBytes`, `proxy`, or a value that the evaluator answers. */
  readonly name: string;
  readonly goal: 'minimize' | 'maximize';
}

/** What is known of a candidate: latencies by device in ms, sizes, and what the evaluator answered. */
export type CandidateValues = Readonly<Record<string, number>>;

/**
 * A stand-in for demonstrations without an evaluator: the geometric mean of MACs and parameters, in millions. It says that a
 * network is large, and nothing of how accurate it is.
 */
export const PROXY = 'proxy';

/** What the table says of a candidate by name; the proxy is not among it. */
export function tableValues(candidate: Candidate): CandidateValues {
  const { scorer, row } = candidate;
  return Object.fromEntries([
    ...scorer.devices.map(({ name }, device) => [name, candidate.ms(device)]),
    ...SIZES.map((size) => [size, row[scorer.layout.size(size)]!]),
  ]);
}

export function proxyValue({ row, scorer: { layout } }: Candidate): number {
  return Math.sqrt(row[layout.size('macs')]! * row[layout.size('parameters')]!) / 1e6;
}

/**
 * Objectives with the names that values have: devices by their own name. `isCheap` if the table alone knows them all.
 * @param hasEvaluator whether other names are values that the evaluator will answer
 * @throws NnMeterError E_INVALID_INPUT for a name twice, none at all, or one that nobody knows
 */
export function settleObjectives(
  scorer: TableScorer,
  objectives: readonly Objective[],
  hasEvaluator: boolean,
): readonly Objective[] {
  if (objectives.length === 0)
    throw new NnMeterError('E_INVALID_INPUT', 'a search needs an objective');
  const settled = objectives.map(({ name, goal }) => ({
    name: settleName(scorer, name, hasEvaluator),
    goal,
  }));
  const twice = settled.find(
    ({ name }, at) => settled.findIndex((other) => other.name === name) < at,
  );
  if (twice !== undefined)
    throw new NnMeterError('E_INVALID_INPUT', `${quote(twice.name)} is an objective twice`);
  return settled;
}

function settleName(scorer: TableScorer, name: string, hasEvaluator: boolean): string {
  if (name === PROXY || isSize(name)) return name;
  const device = scorer.devices[scorer.findDevice(name)];
  if (device !== undefined) return device.name;
  if (hasEvaluator) return name;
  const known = [...scorer.devices.map((each) => each.name), ...SIZES, PROXY];
  throw new NnMeterError('E_INVALID_INPUT', `nobody knows the objective ${quote(name)}`, {
    hint: `the table knows ${known.join(', ')}; other values are an evaluator's`,
  });
}

export function isSize(name: string): name is SizeName {
  return (SIZES as readonly string[]).includes(name);
}

/** Objectives as costs, the less the better. @throws NnMeterError E_EVALUATOR if a value is missing or no number */
export function costsOf(objectives: readonly Objective[], values: CandidateValues): number[] {
  return objectives.map(({ name, goal }) => {
    const value = values[name];
    if (typeof value === 'number' && Number.isFinite(value))
      return goal === 'minimize' ? value : -value;
    const answered = Object.keys(values).map((each) => quote(each));
    throw new NnMeterError('E_EVALUATOR', `the evaluator did not answer ${quote(name)}`, {
      hint: `it answered ${answered.join(', ')}; name one of these, or let it answer ${quote(name)} as a number`,
    });
  });
}
