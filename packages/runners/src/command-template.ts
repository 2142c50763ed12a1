import { readFile } from 'node:fs/promises';
import { readBoundedText } from '@nnmeter/files';
import { NnMeterError, quote } from '@nnmeter/ir';
import { Ajv } from 'ajv';
import type { LayerParser } from './layer-parsers.ts';

/** A benchmark program as a runner; what the fields mean stands in `schema/runner.schema.json`. */
export interface CommandTemplate {
  readonly name: string;
  readonly description?: string;
  readonly format: 'onnx' | 'tflite';
  readonly install?: string;
  readonly parameters?: Readonly<Record<string, { description: string; default?: string }>>;
  readonly before?: readonly (readonly string[])[];
  readonly command: readonly string[];
  readonly after?: readonly (readonly string[])[];
  readonly latency: LatencyPlace;
  readonly median?: LatencyPlace;
  readonly layers?: {
    readonly arguments?: readonly string[];
    readonly file?: string;
    readonly parser: LayerParser;
  };
  readonly facts?: Readonly<Record<string, string | FactCommand>>;
}

export type LatencyUnit = 'us' | 'ms' | 's';

export interface LatencyPlace {
  readonly file?: string;
  readonly regexp?: string;
  readonly jsonPath?: string;
  readonly unit: LatencyUnit | 'printed';
}

export interface FactCommand {
  readonly command: readonly string[];
  readonly regexp?: string;
}

/** Ours have 2 kB. */
const MAX_BYTES = 1 << 20;
const SCHEMA = new URL('../schema/runner.schema.json', import.meta.url);

/** The values of a measurement, beside the parameters. */
const VALUES = ['model', 'dir', 'runs', 'warmups', 'threads'];
/** The values in facts, beside the parameters: the model of this machine's processor. */
const FACT_VALUES = ['processor'];

/**
 * Reads a JSON file that describes a runner, and checks it.
 * @throws NnMeterError E_FILE if it cannot be read, E_INVALID_INPUT saying what of it is wrong
 */
export async function readTemplate(path: string): Promise<CommandTemplate> {
  const refuse = (problem: string) =>
    new NnMeterError('E_INVALID_INPUT', `${quote(path)}: ${problem}`, {
      where: { file: path },
      hint: 'see schema/runner.schema.json of @nnmeter/runners',
    });
  const text = await readBoundedText(path, MAX_BYTES);
  let template: unknown;
  try {
    template = JSON.parse(text);
  } catch (cause) {
    throw refuse(`it is no JSON: ${(cause as Error).message}`);
  }
  const validate = new Ajv({ formats: { regex: hasGroup } }).compile<CommandTemplate>(
    JSON.parse(await readFile(SCHEMA, 'utf8')),
  );
  if (!validate(template)) {
    const { instancePath, message, params } = validate.errors![0]!;
    const detail = params.additionalProperty ?? params.allowedValues;
    const shown = detail === undefined ? '' : `: ${JSON.stringify(detail)}`;
    throw refuse(`${instancePath.slice(1).replaceAll('/', '.') || 'it'} ${message}${shown}`);
  }
  const { facts = {}, parameters = {}, ...rest } = template;
  const given = Object.keys(parameters);
  requireKnown(rest, [...VALUES, ...given], refuse);
  requireKnown(facts, [...FACT_VALUES, ...given], refuse);
  return template;
}

function requireKnown(
  part: object,
  known: readonly string[],
  refuse: (problem: string) => NnMeterError,
): void {
  for (const [, name = ''] of JSON.stringify(part).matchAll(PLACEHOLDER)) {
    if (known.includes(name)) continue;
    throw refuse(`nothing is known of {${name}}; known: ${known.join(', ')}`);
  }
}

function hasGroup(regexp: string): boolean {
  try {
    return new RegExp(`${regexp}|`, 'm').exec('')!.length > 1;
  } catch {
    return false;
  }
}

/** Not those of regular expressions, which are numbers. */
const PLACEHOLDER = /\{([a-zA-Z]\w*)\}/g;

/** Puts values into the places of an argument or path. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(PLACEHOLDER, (_, name: string) => values[name]!);
}

/**
 * The values of a template's parameters, as given or by default.
 * @throws NnMeterError E_USAGE naming one that is needed, unknown, or would be taken for an option
 */
export function settleParameters(
  { name, parameters = {} }: CommandTemplate,
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const known = Object.keys(parameters);
  for (const parameter of Object.keys(given)) {
    if (known.includes(parameter)) continue;
    throw new NnMeterError('E_USAGE', `runner ${name} has no parameter ${quote(parameter)}`, {
      hint: known.length === 0 ? 'it has none' : `it has: ${known.join(', ')}`,
    });
  }
  return Object.fromEntries(
    Object.entries(parameters).map(([parameter, { description, default: usual }]) => {
      const value = given[parameter] ?? usual;
      if (value === undefined) {
        throw new NnMeterError('E_USAGE', `runner ${name} needs ${parameter}: ${description}`);
      }
      if (!UNSAFE.test(value)) return [parameter, value];
      throw new NnMeterError(
        'E_USAGE',
        `${quote(value)} is no ${parameter} of runner ${name}: it is empty, begins with a dash, or has control characters`,
      );
    }),
  );
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const UNSAFE = /^-|^$|[\x00-\x1f\x7f]/;
