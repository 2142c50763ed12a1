import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fileError } from '@nnmeter/files';
import { NnMeterError, quote } from '@nnmeter/ir';
import { defineSpace, type SearchSpace, type SpaceDefinition } from './space.ts';

/**
 * Loads a space of the user's: a JavaScript module whose default export is what `defineSpace` makes or takes. The module is
 * run.
 * @throws NnMeterError E_FILE, E_INVALID_INPUT saying what is wrong with it
 */
export async function readSpace(path: string): Promise<SearchSpace> {
  const file = resolve(path);
  await access(file).catch((cause: unknown) => {
    throw fileError('open', path, cause);
  });
  const refuse = (problem: string, cause?: unknown): NnMeterError =>
    new NnMeterError('E_INVALID_INPUT', `${quote(path)} ${problem}`, {
      where: { file: path },
      hint: 'it ends with: export default { name, input, choices, build }; it need not import anything',
      ...(cause !== undefined && { cause }),
    });
  let module: { readonly default?: unknown };
  try {
    module = await import(pathToFileURL(file).href);
  } catch (cause) {
    if (cause instanceof NnMeterError) throw cause;
    throw refuse(`does not load: ${(cause as Error).message}`, cause);
  }
  const { default: space } = module;
  if (typeof space !== 'object' || space === null) throw refuse('exports no space by default');
  return isSpace(space) ? space : defineSpace(space as SpaceDefinition);
}

/** What `defineSpace` made, perhaps that of another copy of this package. */
function isSpace(value: object): value is SearchSpace {
  return 'withInput' in value && 'choices' in value && 'build' in value;
}
