import { workerData } from 'node:worker_threads';
import { realPathInside, requireFile } from '@nnmeter/files';
import { NnMeterError, quote } from '@nnmeter/ir';
import { type Call, createService, type VersionedFile } from '@nnmeter/server';
import { serveTasks } from '@nnmeter/threads';
import type { ServeJob } from './commands/serve.ts';
import { loadPredictors } from './predictors.ts';
import { readText } from './read-text.ts';

const { choice, root } = workerData as ServeJob;

const service = loadPredictors(choice).then((predictors) =>
  createService({
    predictors,
    openText,
    ...(root !== undefined && { resolvePath: pathInRoot(root) }),
  }),
);

serveTasks(async (call: Call) => (await service).answer(call));

async function openText(path: string): Promise<VersionedFile> {
  const { mtimeMs, size } = await requireFile(path);
  return { version: `${mtimeMs} ${size}`, readText: () => readText(path) };
}

function pathInRoot(folder: string): (path: string) => string {
  return (path) => {
    const found = realPathInside(folder, path);
    if (found !== undefined) return found;
    throw new NnMeterError('E_FILE', `${quote(path)} lies outside the folder that is served`, {
      hint: 'choose another folder with --root, or send the bytes of the model',
    });
  };
}
