import type { Runner } from '@nnmeter/runners';
import { suggestion, usageError } from './arguments.ts';

/** What a runner may have to be told. */
export interface RunnerOptions {
  /** Of a phone. */
  readonly serial: string | undefined;
}

const RUNNERS: Readonly<Record<string, (options: RunnerOptions) => Promise<Runner>>> = {
  onnxruntime: async () => (await import('@nnmeter/runners')).onnxRuntimeRunner(),
  'onnxruntime-web': async () => (await import('@nnmeter/runners')).onnxRuntimeWebRunner(),
};

/** Makes what measures, by its name. @throws NnMeterError E_USAGE, E_MISSING_PACKAGE */
export async function openRunner(name: string, options: RunnerOptions): Promise<Runner> {
  if (Object.hasOwn(RUNNERS, name)) return RUNNERS[name]!(options);
  const names = Object.keys(RUNNERS);
  throw usageError(
    `there is no runner "${name}"${suggestion(name, names)}; there are ${names.join(', ')}`,
  );
}
