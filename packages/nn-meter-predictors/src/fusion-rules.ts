import { NnMeterError } from '@nnmeter/ir';

/**
 * Reads a `fusion_rules.json` of nn-Meter: rule names with booleans, or with objects whose `obey` is one. Rules other
 * than `BF_<op>_<op>` are not used by its detection and left out.
 * @throws NnMeterError E_INVALID_INPUT if it is none, E_UNSUPPORTED_FORMAT if nodes of several consumers fuse (MON > 0).
 */
export function readFusionRules(text: string, where: string): Record<string, boolean> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new NnMeterError('E_INVALID_INPUT', `${where} is not JSON`, { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new NnMeterError('E_INVALID_INPUT', `${where} is not an object of fusion rules`);
  }
  const rules: Record<string, boolean> = {};
  for (const [name, entry] of Object.entries(parsed)) {
    const obey = typeof entry === 'object' && entry !== null ? entry.obey : entry;
    if (name === 'MON' && obey) {
      throw new NnMeterError(
        'E_UNSUPPORTED_FORMAT',
        `${where}: rule MON is ${JSON.stringify(obey)}; only 0 is supported: a node with several consumers fuses with none`,
      );
    }
    if (!/^BF_[a-z0-9]+(_[a-z0-9]+)+$/.test(name)) continue;
    if (obey !== null && ![true, false, 0, 1].includes(obey)) {
      throw new NnMeterError(
        'E_INVALID_INPUT',
        `${where}: rule ${name} must be true or false, or have an "obey" that is`,
      );
    }
    rules[name] = Boolean(obey);
  }
  if (Object.keys(rules).length === 0) {
    throw new NnMeterError('E_INVALID_INPUT', `${where} has no rule BF_<op>_<op>`);
  }
  return rules;
}
