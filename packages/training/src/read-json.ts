import { readFile } from 'node:fs/promises';
import { readBoundedText } from '@nnmeter/files';
import { NnMeterError, quote } from '@nnmeter/ir';
import { Ajv, type ValidateFunction } from 'ajv';

/** The largest file it reads, the record of a training, has 100 kB. */
const MAX_BYTES = 64 << 20;

const validators = new Map<string, Promise<ValidateFunction>>();

/**
 * Reads a JSON file that follows one of this package's schemas.
 * @param schema file name in the folder `schema`
 * @throws NnMeterError E_FILE if it cannot be read, E_INVALID_INPUT saying what of it breaks the schema
 */
export async function readJson<T>(path: string, schema: string): Promise<T> {
  const value = await parseJson(path);
  let validator = validators.get(schema);
  if (validator === undefined) {
    validator = compile(schema);
    validators.set(schema, validator);
  }
  const validate = await validator;
  if (validate(value)) return value as T;
  const { instancePath, message, params } = validate.errors![0]!;
  const detail = params.additionalProperty ?? params.allowedValues;
  throw new NnMeterError(
    'E_INVALID_INPUT',
    `${quote(path)}: ${instancePath.slice(1).replaceAll('/', '.') || 'it'} ${message}` +
      (detail === undefined ? '' : `: ${JSON.stringify(detail)}`) +
      `; see ${schema} of @nnmeter/training`,
  );
}

/** @throws NnMeterError E_FILE if it cannot be read, E_LIMIT, E_INVALID_INPUT if it is no JSON */
export async function parseJson(path: string): Promise<unknown> {
  const text = await readBoundedText(path, MAX_BYTES);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { message } = cause as Error;
    throw new NnMeterError('E_INVALID_INPUT', `${quote(path)} is no JSON: ${message}`, { cause });
  }
}

async function compile(schema: string): Promise<ValidateFunction> {
  const text = await readFile(new URL(`../schema/${schema}`, import.meta.url), 'utf8');
  return new Ajv().compile(JSON.parse(text));
}
