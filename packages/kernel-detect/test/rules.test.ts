import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { sharedPath, sharedTest } from '../../../tests/support/shared.ts';
import { deviceRules } from './support/rules.ts';

const OUR_NAMES: Record<string, readonly string[]> = {
  pooling: ['maxpool', 'avgpool'],
  dense: ['fc'],
  convtrans: ['convtranspose'],
};
const ourNames = (type: string) => OUR_NAMES[type] ?? [type];

describe.each(Object.entries(deviceRules))('rules of %s', (device, rules) => {
  test('every rule is the published one under our names, or its difference has a reason', () => {
    const published = new Map<string, boolean>();
    for (const [rule, value] of Object.entries(rules.official!)) {
      const [, one, two, third] = rule.split('_');
      if (third !== undefined) continue;
      for (const first of ourNames(one!))
        for (const second of ourNames(two!)) published.set(`BF_${first}_${second}`, value);
    }
    const explained = rules.because!.flatMap((entry) => entry.rules);
    expect(new Set(explained).size).toBe(explained.length);
    for (const rule of new Set([...published.keys(), ...Object.keys(rules.fuse)])) {
      const isPublished = published.get(rule) === rules.fuse[rule];
      expect(`${rule} ${isPublished || explained.includes(rule)}`).toBe(`${rule} true`);
      expect(isPublished && explained.includes(rule)).toBe(false);
    }
  });

  sharedTest('the official rules are the published file', () => {
    const file = JSON.parse(readFileSync(sharedPath('facts/fusion_rules.json'), 'utf8'));
    const booleans = Object.entries(file[device].rules).filter(([name]) => name.startsWith('BF_'));
    expect(rules.official).toEqual(Object.fromEntries(booleans));
  });
});
