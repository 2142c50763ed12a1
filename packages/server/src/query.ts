import { NnMeterError } from '@nnmeter/ir';
import * as z from 'zod';
import { parameters, requireMethod } from './parameters.ts';

/**
 * Parameters from the query of an address: texts as they are, lists by repetition (`predictors=a&predictors=b`), all else
 * as JSON.
 * @throws NnMeterError E_USAGE
 */
export function parametersOfQuery(
  name: string,
  query: URLSearchParams,
): Readonly<Record<string, unknown>> {
  const shape: Readonly<Record<string, z.ZodType>> = parameters[requireMethod(name)].shape;
  const given: Record<string, unknown> = {};
  for (const [key, value] of query) {
    const type = shape[key] instanceof z.ZodOptional ? shape[key].unwrap() : shape[key];
    if (type instanceof z.ZodArray) given[key] = query.getAll(key);
    else given[key] = type instanceof z.ZodString ? value : jsonOf(key, value);
  }
  return given;
}

function jsonOf(key: string, value: string): unknown {
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw new NnMeterError('E_USAGE', `${key}: ${value} is no JSON`, { cause });
  }
}
