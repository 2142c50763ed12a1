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
  return (known?.devices ?? []).flatMap(({ id, name }) => {
    const calibration = calibrations[id];
    if (calibration === undefined || !devices.includes(id)) return [];
    if (id !== name) return [`# the page alone calibrates ${id}`];
    const { file } = calibration;
    const options = { predictor: name, measurements: file, output: calibrationOf(name) };
    return line(
      'calibrate',
      Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]),
    );
  });
}

/** The file that has the calibration of a device. */
function calibrationOf(name: string): string {
  return `${name}.json`;
}

/** The options that choose the devices of each command line, of which all are in one setting. */
function predictorOptions({ calibrations, devices, known }: State): readonly (readonly string[])[] {
  const listed = known?.devices ?? [];
  const bySetting = new Map<string, ListedDevice[]>();
  for (const device of listed) {
    if (!devices.includes(device.id)) continue;
    const setting = device.id === device.name ? '' : (device.setting?.text ?? '');
    bySetting.set(setting, [...(bySetting.get(setting) ?? []), device]);
  }
  const isWhole = ({ status, package: from }: ListedDevice): boolean =>
    status !== 'experimental' && from !== null;
  const whole = listed.filter(isWhole).length;
  return [...bySetting].map(([setting, chosen]) => {
    const { precision, cores } = chosen[0]!.setting ?? {};
    const calibrated = chosen.filter(({ id, name }) => id === name && id in calibrations);
    const isDefault = chosen.length === whole && chosen.every(isWhole) && calibrated.length === 0;
    return [
      ...(isDefault ? [] : chosen.flatMap(({ name }) => ['--predictor', name])),
      ...(setting === '' ? [] : ['--precision', precision!]),
      ...(setting === '' || cores === undefined ? [] : ['--cores', cores]),
      ...calibrated.flatMap(({ name }) => ['--calibration', calibrationOf(name)]),
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
