import { NnMeterError, quote } from '@nnmeter/ir';
import { fitCalibration, parseMeasurements } from '@nnmeter/predictor';
import type { CalibrationFacts, Parameters } from '../protocol.ts';
import { calibrateDevice, loadUncalibrated } from './devices.ts';
import { modelOf } from './models.ts';

/** Fits a device to measurements of models that are on the page, and has it predict so from now on. */
export async function calibrate({
  csv,
  device,
  models,
}: Parameters<'calibrate'>): Promise<CalibrationFacts> {
  const measurements = parseMeasurements(await csv.text(), csv.name).map(
    ({ line, model: path, latencyMs }) => {
      const name = path.split(/[\\/]/).at(-1)!;
      const found = models.find((each) => each.name === name);
      if (found !== undefined) return { graph: modelOf(found.model).graph, latencyMs };
      throw new NnMeterError(
        'E_MEASUREMENTS',
        `${csv.name}, line ${line}: no model ${quote(name)} is on this page`,
        { hint: 'drop it together with the measurements' },
      );
    },
  );
  const calibration = fitCalibration(await loadUncalibrated(device), measurements);
  calibrateDevice(device, calibration);
  const { rmspeBefore, rmspeAfter } = calibration;
  return { file: csv.name, measurements: measurements.length, rmspeBefore, rmspeAfter };
}
