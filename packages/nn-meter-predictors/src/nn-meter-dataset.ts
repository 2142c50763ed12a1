import { join } from 'node:path';
import { type DatasetModel, readDatasetModels } from '@nnmeter/dataset';
import { NnMeterError, quote } from '@nnmeter/ir';
import { readConfiguration } from './configuration.ts';

/** The folder `pullDataset` fills. */
export function datasetFolder(dataFolder: string): string {
  return join(dataFolder, 'dataset');
}

/**
 * The models of the nn-Meter benchmark where `pullDataset` put it, one at a time. Never downloads anything.
 * @throws NnMeterError E_FILE if it is not there, and those of `readDatasetModels` of @nnmeter/dataset
 */
export async function* nnMeterDataset(): AsyncGenerator<DatasetModel> {
  const folder = datasetFolder((await readConfiguration()).dataFolder);
  try {
    yield* readDatasetModels(folder);
  } catch (cause) {
    if (!['ENOENT', 'E_FILE'].includes((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
    throw new NnMeterError('E_FILE', `there is no dataset at ${quote(folder)}`, {
      hint: { text: 'download it with pullDataset()', download: 'dataset' },
      cause,
    });
  }
}
