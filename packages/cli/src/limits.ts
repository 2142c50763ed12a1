import type { Limits } from '@nnmeter/report';
import { type PredictArguments, usageError } from './arguments.ts';

const NONE: ReadonlyMap<string, number> = new Map();
const BYTES: ReadonlyMap<string, number> = new Map([
  ['b', 1],
  ['kb', 1e3],
  ['mb', 1e6],
  ['gb', 1e9],
  ['kib', 2 ** 10],
  ['mib', 2 ** 20],
  ['gib', 2 ** 30],
]);
const COUNTS: ReadonlyMap<string, number> = new Map([
  ['k', 1e3],
  ['m', 1e6],
  ['g', 1e9],
  ['b', 1e9],
]);

/** The limits that the options of `predict` set. @throws NnMeterError E_USAGE */
export function limitsOf(options: PredictArguments): Limits {
  return {
    ms: limit('--max-ms', options['max-ms'], NONE, 'milliseconds: 50'),
    memoryBytes: limit('--max-memory', options['max-memory'], BYTES, 'bytes: 20MB, 512KiB'),
    parameters: limit('--max-params', options['max-params'], COUNTS, 'parameters: 5M, 250k'),
  };
}

function limit(
  option: string,
  value: string | undefined,
  units: ReadonlyMap<string, number>,
  example: string,
): number | undefined {
  if (value === undefined) return undefined;
  const [, digits, unit = ''] = /^\s*(\d{1,15}(?:\.\d{1,9})?)\s*([a-z]*)\s*$/i.exec(value) ?? [];
  const number = Number(digits) * (unit === '' ? 1 : (units.get(unit.toLowerCase()) ?? Number.NaN));
  if (number > 0) return number;
  throw usageError(`${option} ${value} is no limit; write a number of ${example}`);
}
