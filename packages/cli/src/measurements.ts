import { dirname, isAbsolute, join } from 'node:path';
import { locateError, type ReadOptions } from '@nnmeter/ir';
import { type Measurement, modelFileToGraph, parseMeasurements } from '@nnmeter/predictor';
import { readText } from './read-text.ts';

/** A measured model, with its path as in the file. */
export interface MeasuredModel extends Measurement {
  readonly model: string;
  /** The path from here. */
  readonly file: string;
}

/**
 * Reads measurements from CSV; paths of models are relative to the CSV file.
 * @throws NnMeterError E_MEASUREMENTS or the error of the model, both naming the line; E_FILE
 */
export async function readMeasurements(
  path: string,
  options: ReadOptions,
): Promise<MeasuredModel[]> {
  const measurements: MeasuredModel[] = [];
  for (const { line, model, latencyMs } of parseMeasurements(await readText(path), path)) {
    const file = isAbsolute(model) ? model : join(dirname(path), model);
    // What messages about a measurement call it.
    const named = { ...options, name: `${path}, line ${line}: ${model}` };
    const graph = await modelFileToGraph(file, undefined, named).catch((cause: unknown) => {
      throw locateError({ list: path, line }, cause);
    });
    measurements.push({ model, file, graph, latencyMs });
  }
  return measurements;
}
