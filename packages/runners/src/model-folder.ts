import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileError, makeTemporaryFolder } from '@nnmeter/files';
import { locateError, NnMeterError } from '@nnmeter/ir';
import type { RunnableModel, Runner } from './runner.ts';

/** Where a runner keeps the files of the models that it measures. */
export class ModelFolder {
  readonly path: string;
  readonly #runner: Pick<Runner, 'name' | 'format'>;
  readonly #discard: () => Promise<void>;
  #isClosed = false;

  constructor(runner: Pick<Runner, 'name' | 'format'>) {
    const { path, discard } = makeTemporaryFolder(join(tmpdir(), 'nn-meter-runner-'));
    this.path = path;
    this.#runner = runner;
    this.#discard = discard;
  }

  /**
   * Runs `body` with the file of a model in a folder of its own, which is deleted afterwards. Errors name the model.
   * @throws NnMeterError E_FILE if it cannot be written, E_RUNNER after `close`
   */
  async withFile<T>(
    model: RunnableModel,
    body: (file: string, folder: string) => Promise<T>,
  ): Promise<T> {
    const { name, format } = this.#runner;
    if (this.#isClosed) throw new NnMeterError('E_RUNNER', `runner ${name} was closed`);
    const folder = await mkdtemp(join(this.path, 'model-')).catch((cause: unknown) => {
      throw fileError('write', this.path, cause);
    });
    try {
      // Never a name of the user's, which might mean something to a program.
      const file = join(folder, `model.${format}`);
      await writeFile(file, model.bytes()).catch((cause: unknown) => {
        throw fileError('write', file, cause);
      });
      return await body(file, folder);
    } catch (error) {
      throw locateError({ file: model.id }, error);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** From now on no model gets a file. */
  close(): void {
    this.#isClosed = true;
  }

  /** Deletes it. */
  discard(): Promise<void> {
    this.close();
    return this.#discard();
  }
}
