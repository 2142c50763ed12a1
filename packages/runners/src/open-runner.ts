import { readdir } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NnMeterError, quote } from '@nnmeter/ir';
import { commandRunner } from './command-runner.ts';
import { readTemplate } from './command-template.ts';
import {
  type OnnxRuntimeRunnerOptions,
  onnxRuntimeRunner,
  onnxRuntimeWebRunner,
} from './onnxruntime-runner.ts';
import type { Runner } from './runner.ts';

export interface OpenRunnerOptions extends OnnxRuntimeRunnerOptions {
  /** Values of a command's parameters, e.g. `{ serial: 'R58M' }`. */
  readonly parameters?: Readonly<Record<string, string>>;
}

const IN_PROCESS: Readonly<Record<string, (options: OnnxRuntimeRunnerOptions) => Runner>> = {
  onnxruntime: onnxRuntimeRunner,
  'onnxruntime-web': onnxRuntimeWebRunner,
};

const PRESETS = new URL('../presets/', import.meta.url);

/** The names that {@link openRunner} knows. */
export async function runnerNames(): Promise<readonly string[]> {
  const files = await readdir(PRESETS);
  return [...Object.keys(IN_PROCESS), ...files.map((file) => basename(file, '.json')).sort()];
}

/**
 * A runner by its name, or by the path of a JSON file that describes one.
 * @throws NnMeterError E_USAGE for a name that is not known, and parameters that are not or are needed; E_MISSING_PACKAGE
 * if the runtime is not installed; E_FILE, E_INVALID_INPUT for a file
 */
export async function openRunner(name: string, options: OpenRunnerOptions = {}): Promise<Runner> {
  const { parameters = {} } = options;
  if (Object.hasOwn(IN_PROCESS, name)) {
    const [parameter] = Object.keys(parameters);
    if (parameter === undefined) return IN_PROCESS[name]!(options);
    throw new NnMeterError('E_USAGE', `runner ${name} has no parameter ${quote(parameter)}`);
  }
  const names = await runnerNames();
  if (names.includes(name)) {
    const preset = await readTemplate(fileURLToPath(new URL(`${name}.json`, PRESETS)));
    return commandRunner(preset, parameters);
  }
  if (extname(name) === '.json') return commandRunner(await readTemplate(name), parameters);
  throw new NnMeterError('E_USAGE', `there is no runner ${quote(name)}`, {
    hint: `give the path of a JSON file that describes it, or one of: ${names.join(', ')}`,
  });
}
