import { NnMeterError, quote } from '@nnmeter/ir';
import { isMeasurement } from '@nnmeter/latency-model';

/** A line of a table of measurements. */
export interface MeasuredLine {
  /** From 1. */
  readonly line: number;
  /** Of the model: a path, or a name. */
  readonly model: string;
  /** ms, one inference */
  readonly latencyMs: number;
}

/**
 * Reads measurements from the text of a CSV file: a model and its milliseconds a line; a head line (`model,ms`), empty
 * lines and lines starting with # are skipped.
 * @param label what messages call the file
 * @throws NnMeterError E_MEASUREMENTS naming the line
 */
export function parseMeasurements(text: string, label: string): readonly MeasuredLine[] {
  const measured: MeasuredLine[] = [];
  for (const [index, content] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(content)) continue;
    if (index === 0 && /^\s*"?model"?\s*[,;\t]/i.test(content)) continue;
    const line = index + 1;
    measured.push({ line, ...parseLine(content, `${label}, line ${line}`) });
  }
  if (measured.length > 0) return measured;
  throw new NnMeterError(
    'E_MEASUREMENTS',
    `${label} holds no measurement; write lines of model,ms`,
  );
}

function parseLine(line: string, where: string): Omit<MeasuredLine, 'line'> {
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
