import { describe, expect, test } from '@jest/globals';
import { crc32 } from '@nnmeter/forest';
import {
  decodeWeights,
  encodeWeights,
  KERNEL_KINDS,
  type LatencyModelWeights,
  LIMITS_PER_KIND,
  TERM_SET_NAMES,
  termSets,
} from '@nnmeter/latency-model';
import { formulaHash, formulaNames } from '../src/term-sets.ts';

const INTERVAL: NonNullable<LatencyModelWeights['interval']> = {
  level: 0.9,
  known: [
    { perKernelMs: 0.1, width: 0.02 },
    { perKernelMs: 20, width: 0.08 },
  ],
  novel: 0.07,
  estimated: 1,
};

function weightsOf(terms: LatencyModelWeights['terms']): LatencyModelWeights {
  return {
    terms,
    physics: { launchMs: 1e-3, macsPerMs: 3e7, bytesPerMs: 4e7, bytesPerElement: 2 },
    constantMs: 0.5,
    coefficients: Float64Array.from(termSets[terms].terms.names, (_, index) => index / 7),
    measured: new Uint8Array(KERNEL_KINDS.length).fill(1),
    measuredFused: Uint8Array.from(KERNEL_KINDS, (kind) => (kind === 'relu' ? 1 : 0)),
    limits: new Float32Array(LIMITS_PER_KIND * KERNEL_KINDS.length).fill(224),
    sides: Uint16Array.of(7, 224),
    cells: Uint32Array.of(1, 2, 3),
    structures: Uint32Array.of(5, 0xffffffff),
    throughput: { launchMs: 1, macsPerMs: 2, vectorPerMs: 3, bytesPerMs: 4 },
    interval: null,
    forest: null,
  };
}

test.each([
  ['start-up cost', { constantMs: Number.NaN }],
  ['coefficients', { coefficients: new Float64Array(termSets.cpu.terms.names.length).fill(-1) }],
  ['coefficients', { coefficients: new Float64Array(termSets.cpu.terms.names.length).fill(1 / 0) }],
  ['throughput', { throughput: { launchMs: 0, macsPerMs: 0, vectorPerMs: 1, bytesPerMs: 1 } }],
  ['physics', { physics: { launchMs: 0, macsPerMs: -1, bytesPerMs: 1, bytesPerElement: 4 } }],
  ['interval', { interval: { ...INTERVAL, novel: Number.NaN } }],
  ['interval', { interval: { ...INTERVAL, known: [{ perKernelMs: 0, width: 0.1 }] } }],
  ['interval', { interval: { ...INTERVAL, known: INTERVAL.known.toReversed() } }],
  ['configurations', { cells: Uint32Array.of(3, 2) }],
  ['configurations', { structures: Uint32Array.of(3, 2) }],
])('numbers that no training writes are refused: %s', (what, changes) => {
  const bytes = encodeWeights({ ...weightsOf('cpu'), ...changes });
  expect(() => decodeWeights(bytes)).toThrow(
    expect.objectContaining({ code: 'E_WEIGHTS', message: expect.stringContaining(what) }),
  );
});

describe.each(TERM_SET_NAMES)('weights of %s terms', (set) => {
  test('come back as they were written, with the physics they were trained on', () => {
    const weights = weightsOf(set);
    const fullyConnected = { launchMs: 0.01, msPerMac: 6e-8, levelOff: 4e6, measuredUpTo: 5e7 };
    const levelling = { ...weights, physics: { ...weights.physics, fullyConnected } };
    expect(decodeWeights(encodeWeights(weights))).toEqual(weights);
    expect(decodeWeights(encodeWeights(levelling))).toEqual(levelling);
    const calibrated = { ...weights, interval: INTERVAL };
    expect(decodeWeights(encodeWeights(calibrated))).toEqual(calibrated);
  });

  test.each(['kinds', 'terms', 'features'] as const)(
    'trained when one of the %s had another name, or another place, are refused',
    (list) => {
      const names = formulaNames(set);
      const hashes = names[list].flatMap((name, index) => [
        formulaHash({ ...names, [list]: names[list].with(index, `${name} squared`) }),
        formulaHash({ ...names, [list]: [...names[list].toSpliced(index, 1), name] }),
      ]);
      // Moved to the end, the last name is where it was.
      expect(hashes.pop()).toBe(formulaHash(names));
      for (const hash of hashes) {
        expect(() => decodeWeights(withHash(encodeWeights(weightsOf(set)), hash))).toThrow(
          expect.objectContaining({
            code: 'E_WEIGHTS',
            message: expect.stringContaining('other latency terms'),
          }),
        );
      }
    },
  );
});

/** Intact weights of other formulas. */
function withHash(bytes: Uint8Array, hash: number): Uint8Array {
  const view = new DataView(bytes.buffer);
  view.setUint32(20, hash, true);
  view.setUint32(bytes.length - 4, crc32(bytes.subarray(0, -4)), true);
  return bytes;
}
