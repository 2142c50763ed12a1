import { NnMeterError, quote } from '@nnmeter/ir';
import type { DeviceSetting, PredictorDefinition, Setting } from './definition.ts';

/**
 * A device in one of the settings that it was measured in, the first of those that fit.
 * @throws NnMeterError E_INVALID_INPUT naming those that were measured
 */
export function inSetting(
  definition: PredictorDefinition,
  wanted: Partial<Setting>,
): PredictorDefinition {
  const { name, settings = [] } = definition;
  requireSetting(name, settings, wanted);
  const setting = settings.find((each) => fits(each, wanted));
  return setting === undefined ? definition : { ...definition, setting };
}

/** The setting that a definition is predicted in; undefined if none are told apart. */
export function settingOf({ setting, settings }: PredictorDefinition): DeviceSetting | undefined {
  return setting ?? settings?.[0];
}

/** @throws NnMeterError E_INVALID_INPUT naming the settings that were measured, if the wanted one is none of them */
export function requireSetting(
  name: string,
  settings: readonly Setting[],
  wanted: Partial<Setting>,
): void {
  const asked = [wanted.precision, wanted.cores].filter((value) => value !== undefined);
  if (asked.length === 0 || settings.some((setting) => fits(setting, wanted))) return;
  const measured =
    settings.length === 0
      ? 'it was measured in one setting only'
      : `it was measured in ${settings.map(settingText).map(quote).join(', ')}`;
  throw new NnMeterError(
    'E_INVALID_INPUT',
    `predictor ${quote(name)} knows no ${quote(asked.join(', '))}: ${measured}`,
  );
}

/** What names a setting, without what was learned in it. */
export function namedSetting({ precision, cores }: Setting): Setting {
  return { precision, ...(cores !== undefined && { cores }) };
}

/** In words: `int8, 4 little`. */
export function settingText({ precision, cores }: Setting): string {
  return cores === undefined ? precision : `${precision}, ${cores}`;
}

function fits(setting: Setting, { precision, cores }: Partial<Setting>): boolean {
  return (
    (precision === undefined || precision === setting.precision) &&
    (cores === undefined || cores === setting.cores)
  );
}
