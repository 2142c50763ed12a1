import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { sharedPath, sharedTest } from '../../../tests/support/shared.ts';
import { deviceRules } from './support/rules.ts';

const OUR_NAMES: Record<string, readonly string[]> = {
  pooling: ['maxpool', 'avgpool'],
  dense: ['fc'],
  convtrans: ['convtranspose'],
};
/** Digests of the yes-or-no rules in nn-Meter's own files. */
const PUBLISHED: Record<string, string> = {
  cortexA76cpu_tflite21: '5606ca40525089e0f13ae637747db193',
  adreno640gpu_tflite21: '220b7add01556f9b4669f5f28384a004',
  adreno630gpu_tflite21: '220b7add01556f9b4669f5f28384a004',
  myriadvpu_openvino2019r2: '0a3d09bd63445b52b39cd8d2a73bd956',
};
const ourNames = (type: string) => OUR_NAMES[type] ?? [type];

function digestOf(rules: readonly (readonly [string, unknown])[]): string {
  const sorted = [...rules].sort(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 32);
}

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

  test('the official rules are those of the published file', () => {
    expect(digestOf(Object.entries(rules.official!))).toBe(PUBLISHED[device]);
  });

  sharedTest('the official rules are the published file', () => {
    const file = JSON.parse(readFileSync(sharedPath('facts/fusion_rules.json'), 'utf8'));
    const booleans = Object.entries(file[device].rules).filter(([name]) => name.startsWith('BF_'));
    expect(rules.official).toEqual(Object.fromEntries(booleans));
    expect(digestOf(booleans)).toBe(PUBLISHED[device]);
  });
});
