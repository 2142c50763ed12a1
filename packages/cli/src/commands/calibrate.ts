import { writeWhole } from '@nnmeter/files';
import { calibratePredictor, fitCalibration, loadLatencyPredictor } from '@nnmeter/predictor';
import { type CalibrateArguments, usageError } from '../arguments.ts';
import { keepInputs } from '../keep-inputs.ts';
import { readMeasurements } from '../measurements.ts';
import { settingChoice } from '../predictors.ts';
import { readOptions } from '../sources.ts';
import type { Terminal } from '../terminal.ts';

/** Adapts a predictor to measurements of the user's own device. @returns the exit code */
export async function calibrate(options: CalibrateArguments, terminal: Terminal): Promise<number> {
  const { output } = options;
  if (output === '-') throw usageError('--output needs a file, to be used with --calibration');
  const predictor = await loadLatencyPredictor(
    options.predictor,
    options['predictor-version'],
    settingChoice(options),
  );
  const measurements = await readMeasurements(options.measurements, readOptions(options));
  await keepInputs(output, [options.measurements, ...measurements.map(({ file }) => file)]);
  const calibration = fitCalibration(predictor, measurements);
  const after = calibratePredictor(predictor, calibration);
  await writeWhole(output, `${JSON.stringify(calibration, null, 2)}\n`);
  if (Object.keys(calibration.adaptation.kinds).length === 0) {
    terminal.note(
      'nn-meter: note: so few measurements give one factor for all kernels; kinds of kernels are told apart from 3 on',
    );
  }
  const models = measurements.map(({ model, graph, latencyMs }) => ({
    model,
    measuredMs: latencyMs,
    beforeMs: predictor.totalMs(graph),
    afterMs: after.totalMs(graph),
  }));
  const { rmspeBefore, rmspeAfter } = calibration;
  if (options.json) {
    const { name, version } = predictor;
    const element = { predictor: name, version, output, rmspeBefore, rmspeAfter, models };
    await terminal.print(`${JSON.stringify([element], null, 2)}\n`);
    return 0;
  }
  const [{ renderTable }, { formatMs, formatShare, printable }] = await Promise.all([
    import('@nnmeter/report'),
    import('@nnmeter/report'),
  ]);
  const table = renderTable(
    [
      { title: 'model', least: 12 },
      { title: 'measured ms', align: 'right' },
      { title: 'before', align: 'right', leaveOut: 1 },
      { title: 'after', align: 'right' },
    ],
    models.map(({ model, measuredMs, beforeMs, afterMs }) => [
      printable(model),
      ...[measuredMs, beforeMs, afterMs].map(formatMs),
    ]),
    terminal,
  );
  await terminal.print(
    `${table}\n${predictor.name}: root mean square error ${formatShare(rmspeBefore)} before, ${formatShare(rmspeAfter)} after\n` +
      `wrote ${printable(output)}; use it with --calibration\n`,
  );
  return 0;
}
