import { type Graph, locateError, type ReadOptions } from '@nnmeter/ir';
import { checkReadOptions } from './check-options.ts';
import type { Frontend } from './frontend.ts';
import type { ModelSource } from './model-source.ts';

/** Has a frontend read an open model, and closes it. Errors name the file and the format. */
export async function readModel(
  source: ModelSource,
  frontend: Frontend,
  options: ReadOptions = {},
): Promise<Graph> {
  try {
    checkReadOptions(frontend, options);
    return await frontend.read(source, options);
  } catch (error) {
    const isNamed = source.name !== '';
    const where = { format: frontend.format, ...(isNamed && { file: source.label }) };
    throw locateError(where, error);
  } finally {
    source.close();
  }
}
