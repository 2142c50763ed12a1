import { NnMeterError } from '@nnmeter/ir';
import type { Category } from './releases.ts';
import { checkName } from './store.ts';

/** The description of a predictor in nn-Meter's YAML. */
export interface PredictorMeta {
  readonly name: string;
  readonly version: string;
  readonly category: Category;
  readonly kernels: readonly string[] | undefined;
  /** The folder of pickles, for custom predictors. */
  readonly packageLocation: string | undefined;
  /** The address of the zip, for published ones. */
  readonly download: string | undefined;
}

/** Bytes of a description, or of all of them in one file. */
export const MAX_META_BYTES = 1 << 20;

/**
 * Parses YAML or JSON; all scalars stay text, so that version 1.10 is not 1.1.
 * @throws NnMeterError E_INVALID_INPUT
 */
export async function parseYaml(text: string, where: string): Promise<unknown> {
  const { parse } = await import('yaml');
  try {
    return parse(text, { schema: 'failsafe', maxAliasCount: 0 });
  } catch (cause) {
    throw invalid(
      where,
      `it is neither YAML nor JSON (${(cause as Error).message.split('\n')[0]})`,
    );
  }
}

/** Validates one description. @throws NnMeterError E_INVALID_INPUT naming the entry that is missing or wrong. */
export function readMeta(entry: unknown, where: string): PredictorMeta {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    throw invalid(where, 'it is no object with name, version, category and package_location');
  }
  const fields = entry as Readonly<Record<string, unknown>>;
  const text = (field: string): string | undefined => {
    const value = fields[field];
    if (value === undefined || (typeof value === 'string' && value !== '')) return value;
    throw invalid(where, `${field} must be a text`);
  };
  const required = (field: string): string => {
    const value = text(field);
    if (value === undefined) throw invalid(where, `${field} is missing`);
    return value;
  };
  const [name, version] = [required('name'), required('version')];
  checkName(name, `${where}: name`);
  checkName(version, `${where}: version`);
  const category = required('category').toLowerCase();
  if (category !== 'cpu' && category !== 'gpu' && category !== 'vpu') {
    throw invalid(where, `category must be cpu, gpu or vpu, not ${category}`);
  }
  const kernels = fields.kernel_predictors;
  const isList =
    Array.isArray(kernels) &&
    kernels.length > 0 &&
    kernels.every((kernel) => typeof kernel === 'string');
  if (kernels !== undefined && !isList) {
    throw invalid(where, 'kernel_predictors must be a list of at least one kernel name');
  }
  return {
    name,
    version,
    category,
    kernels: isList ? [...new Set(kernels)] : undefined,
    packageLocation: text('package_location'),
    download: text('download'),
  };
}

function invalid(where: string, reason: string): NnMeterError {
  return new NnMeterError('E_INVALID_INPUT', `${where}: ${reason}`);
}
