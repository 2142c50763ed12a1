import { dirname, isAbsolute, join } from 'node:path';
import { locateError, NnMeterError, quote, type ReadOptions } from '@nnmeter/ir';
import { isMeasurement } from '@nnmeter/latency-model';
import { type Measurement, modelFileToGraph } from '@nnmeter/predictor';
import { readText } from './read-text.ts';

/** A measured model, with its path as in the file. */
export interface MeasuredModel extends Measurement {
  readonly model: string;
  /** The path from here. */
  readonly file: string;
}

/**
 * Reads measurements from CSV: a model file and its milliseconds a line, paths relative to the CSV file; a head line
 * (`model,ms`), empty lines and lines starting with # are skipped.
 * @throws NnMeterError E_MEASUREMENTS or the error of the model, both naming the line; E_FILE
 */
export async function readMeasurements(
  path: string,
  options: ReadOptions,
): Promise<MeasuredModel[]> {
  const text = await readText(path);
  const measurements: MeasuredModel[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line) || (index === 0 && /^\s*"?model"?\s*[,;\t]/i.test(line))) continue;
    const where = `${path}, line ${index + 1}`;
    const { model, latencyMs } = parseLine(line, where);
    const file = isAbsolute(model) ? model : join(dirname(path), model);
    // What messages about a measurement call it.
    const named = { ...options, name: `${where}: ${model}` };
    const graph = await modelFileToGraph(file, undefined, named).catch((cause: unknown) => {
      throw locateError({ list: path, line: index + 1 }, cause);
    });
    measurements.push({ model, file, graph, latencyMs });
  }
  if (measurements.length === 0) {
    throw new NnMeterError(
      'E_MEASUREMENTS',
      `${path} holds no measurement; write lines of model,ms`,
    );
  }
  return measurements;
}

function parseLine(line: string, where: string): { model: string; latencyMs: number } {
  const end = Math.max(...[',', ';', '\t'].map((separator) => line.lastIndexOf(separator)));
  const cell = line.slice(0, Math.max(0, end)).trim();
  const isQuoted = /^"(?:[^"]|"")+"$/.test(cell);
  if (cell === '' || (!isQuoted && /[",;\t]/.test(cell))) {
    throw new NnMeterError(
      'E_MEASUREMENTS',
      `${where} is not of the form model,ms (a name with , or ; needs quotes)`,
    );
  }
  const model = isQuoted ? cell.slice(1, -1).replaceAll('""', '"') : cell;
  const ms = line.slice(end + 1).trim();
  const latencyMs = /^\d*\.?\d+(e[+-]?\d+)?$/i.test(ms) ? Number(ms) : Number.NaN;
  if (!isMeasurement(latencyMs)) {
    throw new NnMeterError(
      'E_MEASUREMENTS',
      `${where}: the measurement of ${quote(model)} is ${quote(ms)}; it must be a positive number of ms (1e-9 to 1e12)`,
    );
  }
  return { model, latencyMs };
}
