import { NnMeterError } from '@nnmeter/ir';
import { isMeasurement } from '@nnmeter/latency-model';
import { listDatasetFiles, type ReadingOptions, readDatasetLines } from './dataset-files.ts';

/** A measured model. */
export interface DatasetModel {
  readonly id: string;
  /** nn-Meter IR, as JSON; `readNnMeterIr(graph, { name: id })` of @nnmeter/frontend-nnmeter-ir makes a graph of it. */
  readonly graph: unknown;
  /** ms by predictor name; null where the model was not measured. */
  readonly measured: Readonly<Record<string, number | null>>;
}

/**
 * Reads one line of a dataset: an object with an id, a graph, and the measured ms under the names of predictors.
 * @param where file and line, for errors
 * @param devices whose measurements are wanted; without them every other field has to be one
 * @throws NnMeterError E_MEASUREMENTS if it is no such object
 */
export function parseDatasetModel(
  line: string,
  where: string,
  devices?: readonly string[],
): DatasetModel {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch (cause) {
    const { message } = cause as Error;
    throw new NnMeterError('E_MEASUREMENTS', `${where} is not JSON: ${message}`, { cause });
  }
  const { id, graph, ...fields } = (entry ?? {}) as Record<string, unknown>;
  if (typeof id !== 'string' || typeof graph !== 'object' || graph === null) {
    throw new NnMeterError(
      'E_MEASUREMENTS',
      `${where} is not an object with an "id" and a "graph"`,
    );
  }
  const measured: Record<string, number | null> = Object.create(null);
  for (const device of devices ?? Object.keys(fields)) {
    const ms = Object.hasOwn(fields, device) ? fields[device] : null;
    if (ms !== null && !isMeasurement(ms)) {
      throw new NnMeterError(
        'E_MEASUREMENTS',
        `${where}: ${device} of ${id} is ${JSON.stringify(ms)}; it must be a positive number of ms (1e-9 to 1e12), or null`,
      );
    }
    measured[device] = ms;
  }
  return { id, graph, measured };
}

/**
 * The models of a dataset, one at a time and no more of it than is asked for: a .jsonl or .jsonl.gz file, or all of
 * those of a folder in the order of their names.
 * @throws NnMeterError E_FILE if a folder holds none, E_MEASUREMENTS and E_LIMIT naming file and line; errors of the file
 * system as they come
 */
export async function* readDatasetModels(
  path: string,
  options?: ReadingOptions,
): AsyncGenerator<DatasetModel> {
  const { files } = await listDatasetFiles(path);
  for (const file of files) {
    let number = 0;
    for await (const line of readDatasetLines(file, options)) {
      number++;
      if (line.trim() !== '') yield parseDatasetModel(line, `${file}, line ${number}`);
    }
  }
}
