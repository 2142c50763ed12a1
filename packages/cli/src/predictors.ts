import { locateError, NnMeterError } from '@nnmeter/ir';
import {
  type Calibration,
  calibratePredictor,
  isCalibration,
  type LatencyPredictor,
  listLatencyPredictors,
  loadLatencyPredictor,
  type Setting,
  withWarning,
} from '@nnmeter/predictor';
import { readText } from './read-text.ts';

/** Which predictors to load; plain data, so that worker threads can be told. */
export interface PredictorChoice {
  /** Values of --predictor; undefined: the calibrated ones, or else all. */
  readonly names: readonly string[] | undefined;
  readonly version: string | undefined;
  /** Values of --precision and --cores. */
  readonly setting: Partial<Setting>;
  /** Values of --calibration. */
  readonly calibrations: readonly string[];
}

/** The choice that the options of a command make. */
export function predictorChoice(options: {
  predictor?: string[] | undefined;
  'predictor-version'?: string | undefined;
  precision?: string | undefined;
  cores?: string | undefined;
  calibration?: string[] | undefined;
}): PredictorChoice {
  return {
    setting: settingChoice(options),
    names: options.predictor,
    version: options['predictor-version'],
    calibrations: options.calibration ?? [],
  };
}

/** What --precision and --cores ask for. */
export function settingChoice({
  precision,
  cores,
}: {
  precision?: string | undefined;
  cores?: string | undefined;
}): Partial<Setting> {
  return {
    ...(precision !== undefined && { precision }),
    ...(cores !== undefined && { cores }),
  };
}

/**
 * Loads predictors, each once; "all" stands for every installed one that was trained on the full
 * benchmark, "all-experimental" for the others. A calibration applies to the predictor it was
 * fitted for, which without names is in the setting that it was fitted in.
 * @throws NnMeterError E_UNKNOWN_PREDICTOR, E_MISSING_PACKAGE, E_WEIGHTS; E_MEASUREMENTS for a file that is no
 * calibration, or one of a predictor that is not chosen
 */
export async function loadPredictors(
  choice: PredictorChoice,
): Promise<readonly LatencyPredictor[]> {
  const calibrations = new Map<string, { path: string; calibration: Calibration }>();
  for (const path of choice.calibrations) {
    const calibration = await readCalibration(path);
    const other = calibrations.get(calibration.predictor);
    if (other !== undefined) {
      const both = `${other.path} and ${path} both calibrate ${calibration.predictor}`;
      throw new NnMeterError('E_MEASUREMENTS', `${both}; choose one`);
    }
    calibrations.set(calibration.predictor, { path, calibration });
  }
  const isSettingChosen = Object.keys(choice.setting).length > 0;
  const found = new Map<string, LatencyPredictor>();
  for (const name of choice.names ?? (calibrations.size > 0 ? [] : ['all'])) {
    for (const each of await namesOf(name)) {
      const predictor = await loadLatencyPredictor(each, choice.version, choice.setting);
      found.set(predictor.name, predictor);
    }
  }
  for (const [name, { path, calibration }] of calibrations) {
    try {
      const version = choice.version ?? calibration.predictorVersion;
      const setting = isSettingChosen ? choice.setting : calibration.setting;
      const predictor =
        choice.names === undefined
          ? await loadLatencyPredictor(name, version, setting)
          : found.get(name);
      if (predictor === undefined) {
        const chosen = [...found.keys()].join(', ');
        throw new NnMeterError('E_MEASUREMENTS', `it calibrates ${name}, not ${chosen}`);
      }
      found.set(name, calibrated(predictor, calibration, path));
    } catch (cause) {
      throw locateError({ part: path }, cause);
    }
  }
  return [...found.values()];
}

/** Says in its reports that it is calibrated. */
function calibrated(
  predictor: LatencyPredictor,
  calibration: Calibration,
  path: string,
): LatencyPredictor {
  const note = `calibrated with ${path} (${calibration.measurements} measurements)`;
  return withWarning(calibratePredictor(predictor, calibration), note);
}

async function readCalibration(path: string): Promise<Calibration> {
  const text = await readText(path);
  let calibration: unknown;
  try {
    calibration = JSON.parse(text);
  } catch (cause) {
    throw new NnMeterError('E_MEASUREMENTS', `${path} is not JSON`, { cause });
  }
  if (isCalibration(calibration)) return calibration;
  throw new NnMeterError(
    'E_MEASUREMENTS',
    `${path} is not a calibration; make one with nn-meter calibrate`,
  );
}

/** The installed predictors that a value of --predictor stands for. */
async function namesOf(value: string): Promise<readonly string[]> {
  const name = value.toLowerCase();
  if (name !== 'all' && name !== 'all-experimental') return [value];
  // What cannot be read is a warning in the reports of those that can.
  const summaries = await listLatencyPredictors(() => {}, name === 'all' ? 'full' : 'all');
  const chosen = summaries.filter(
    ({ installed, status }) => installed && (name === 'all' || status === 'experimental'),
  );
  if (chosen.length === 0 && name === 'all-experimental') {
    throw new NnMeterError('E_UNKNOWN_PREDICTOR', 'no experimental predictor is installed', {
      hint: 'npm install @nnmeter/predictors-learned',
    });
  }
  return [...new Set(chosen.map((summary) => summary.name))];
}
