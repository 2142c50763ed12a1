import { type Graph, locateError, NnMeterError, type ReadOptions } from '@nnmeter/ir';
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
    throw locateError(where, advised(error, options));
  } finally {
    source.close();
  }
}

/** Models often fix sizes that follow from those of their inputs. */
function advised(error: unknown, { inputShapes = {}, dimensions = {} }: ReadOptions): unknown {
  const isAsExported = Object.keys({ ...inputShapes, ...dimensions }).length === 0;
  if (isAsExported || !(error instanceof NnMeterError)) return error;
  const { code, problem, where, hint } = error;
  if (code !== 'E_SHAPE' || hint !== undefined) return error;
  return new NnMeterError(code, problem, {
    where,
    hint: 'the model may fix sizes for the inputs it was exported with: leave their shapes out, or export it for these',
    cause: error,
  });
}
