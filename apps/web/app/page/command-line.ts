import type { ListedDevice } from '../protocol.ts';
import { type Model, type State, signatureOf } from './state.ts';

/**
 * The command lines that give the same as the page: for every calibrated device one that calibrates it, for every model
 * one that predicts it, and one more for every other setting of devices.
 */
export function commandLines(state: State): readonly string[] {
  const predictors = predictorOptions(state);
  const predict = state.models.flatMap((model) =>
    predictors.map((options) =>
      line('predict', [...options, ...readOptions(model, state), ...source(model)]),
    ),
  );
  return [...calibrateLines(state), ...predict];
}

function line(command: string, options: readonly string[]): string {
  return ['npx', '@nnmeter/cli', command, ...options].map(quoted).join(' ');
}

function calibrateLines({ calibrations, devices, known }: State): readonly string[] {
  return (known?.devices ?? []).flatMap((device) => {
    const calibration = calibrations[device.id];
    if (calibration === undefined || !devices.includes(device.id)) return [];
    return line('calibrate', [
      ...['--predictor', device.name, ...settingOptions(device)],
      ...['--measurements', calibration.file, '--output', calibrationOf(device)],
    ]);
  });
}

/** The file that has the calibration of a device. */
function calibrationOf({ id }: ListedDevice): string {
  return `${id.replace(':', '-')}.json`;
}

/** The options for a setting that is not the first. */
function settingOptions({ id, name, setting }: ListedDevice): readonly string[] {
  if (id === name || setting === undefined) return [];
  const { precision, cores } = setting;
  return ['--precision', precision, ...(cores === undefined ? [] : ['--cores', cores])];
}

/** The options that choose the devices of each command line, of which all are in one setting. */
function predictorOptions({ calibrations, devices, known }: State): readonly (readonly string[])[] {
  const listed = known?.devices ?? [];
  const bySetting = new Map<string, ListedDevice[]>();
  for (const device of listed) {
    if (!devices.includes(device.id)) continue;
    const setting = settingOptions(device).join(' ');
    bySetting.set(setting, [...(bySetting.get(setting) ?? []), device]);
  }
  const isWhole = ({ status, package: from }: ListedDevice): boolean =>
    status !== 'experimental' && from !== null;
  const whole = listed.filter(isWhole).length;
  return [...bySetting.values()].map((chosen) => {
    const calibrated = chosen.filter(({ id }) => id in calibrations);
    const isDefault = chosen.length === whole && chosen.every(isWhole) && calibrated.length === 0;
    return [
      ...(isDefault ? [] : chosen.flatMap(({ name }) => ['--predictor', name])),
      ...settingOptions(chosen[0]!),
      ...calibrated.flatMap((device) => ['--calibration', calibrationOf(device)]),
    ];
  });
}

/** Has a model read as it is on the page. */
function readOptions(model: Model, state: State): readonly string[] {
  const { channels } = state.whatIf;
  const signature = signatureOf(state, model);
  const assumed = Object.keys(model.read?.facts.assumed ?? {});
  return [
    ...(channels === undefined ? [] : ['--sweep', `channels=${channels}`]),
    ...(signature === undefined ? [] : ['--signature', signature]),
    ...Object.entries(state.assume).flatMap(([name, size]) =>
      assumed.includes(name) ? ['--assume', `${name}=${size}`] : [],
    ),
    ...sizes(model, state),
  ];
}

function sizes({ read, inputShapes }: Model, { whatIf }: State): readonly string[] {
  if (read === undefined) return [];
  const { inputs, variables, dimensions } = read.facts;
  const varied = variables.flatMap(({ name }) =>
    name === 'channels' || whatIf[name] === undefined ? [] : [name],
  );
  if (inputShapes === undefined && varied.every((name) => dimensions.includes(name)))
    return varied.flatMap((name) => ['--dimension', `${name}=${whatIf[name]}`]);
  return inputs.flatMap(({ name, shape }) =>
    shape === undefined ? [] : ['--input-shape', `${name}=${shape.join(',')}`],
  );
}

function source({ name, origin }: Model): readonly string[] {
  if (origin.kind === 'network') return ['--torchvision', origin.name];
  return name.startsWith('-') ? ['--', name] : [name];
}

/** For the shells of Unix, and mostly for others. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
