import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readTfLite } from '@nnmeter/frontend-tflite';
import { NnMeterError } from '@nnmeter/ir';
import fc from 'fast-check';

const fixtures = join(import.meta.dirname, '../../../fixtures/tflite');
const read = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(join(fixtures, `${name}.tflite`)));

/** The error of reading some bytes; undefined if they are a model. */
function errorOf(bytes: Uint8Array): NnMeterError | undefined {
  try {
    readTfLite(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof NnMeterError) return error;
    throw error;
  }
}

describe('what is not a TFLite model', () => {
  test.each([
    ['nothing', new Uint8Array(0), /not a TFLite model/],
    ['a PNG', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), /not a TFLite model/],
    [
      'only the identifier',
      Buffer.from('1c00000054464c33', 'hex'),
      /4 bytes are announced at byte 28/,
    ],
  ])('%s', (_, bytes, message) => {
    expect(errorOf(bytes)?.message).toMatch(message);
  });

  test('something else than bytes', () => {
    expect(() => readTfLite('model.tflite' as never)).toThrow(/read from the bytes/);
  });
});

test.each(['movement', 'lstm', 'appended', 'unet_int8'])('%s cut anywhere is noticed', (name) => {
  const whole = read(name);
  for (let length = 0; length < whole.length - 16; length += 1 + (length >> 6)) {
    const error = errorOf(whole.subarray(0, length));
    expect(`${length}: ${error?.code}`).toMatch(/E_(INVALID_INPUT|UNSUPPORTED_FORMAT)/);
  }
});

/** All errors of a model in which each 32-bit number that is `value` is made `other`, one after the other. */
function errorsOfChanges(name: string, value: number, other: number): string[] {
  const errors: string[] = [];
  const bytes = read(name);
  const view = new DataView(bytes.buffer);
  for (let at = 8; at + 4 <= bytes.length; at += 4) {
    if (view.getInt32(at, true) !== value) continue;
    view.setInt32(at, other, true);
    errors.push(errorOf(bytes)?.message ?? '');
    view.setInt32(at, value, true);
  }
  return errors;
}

describe('single numbers that are wrong', () => {
  test('a model that runs itself', () => {
    expect(errorOf(read('calls_itself'))?.message).toMatch(
      /nested more than 32 deep \(does one run itself\?\)/,
    );
  });

  test('a subgraph, a tensor and an operator code that are not there', () => {
    expect(errorsOfChanges('loop', 2, 77).join()).toMatch(/has no subgraph 77, only 3/);
    expect(errorsOfChanges('loop', 1, 77_000).join()).toMatch(/names tensor 77000 of/);
    expect(errorsOfChanges('products', 1, 99).join()).toMatch(/is of code 99 of/);
  });

  test('a tensor before it is computed', () => {
    expect(errorsOfChanges('pre_activation', 0, 10).join()).toMatch(
      /reads tensor .* before it is computed/,
    );
  });

  test('lists that are longer than the file, and extents below 0', () => {
    expect(errorsOfChanges('products', 3, 0x7fffffff).join()).toMatch(
      /bytes are announced at byte/,
    );
    expect(errorsOfChanges('products', 6, -6).join()).toMatch(/has the shape \[2, 5, -6\]/);
  });

  test('another version of the schema', () => {
    expect(errorsOfChanges('products', 3, 2).join()).toMatch(/is of version 2 of the schema/);
  });

  test('extents that are not those the file states are told', () => {
    const bytes = read('products');
    const view = new DataView(bytes.buffer);
    const told = new Set<string>();
    for (let at = 8; at + 4 <= bytes.length; at += 4) {
      if (view.getInt32(at, true) !== 11) continue;
      view.setInt32(at, 12, true);
      if (errorOf(bytes) === undefined)
        for (const text of readTfLite(bytes).warnings) told.add(text);
      view.setInt32(at, 11, true);
    }
    expect([...told].join()).toMatch(
      /the file states the shape \[2, 5, 11\] for ".*", which its operator gives the shape \[2, 5, 12\]/,
    );
  });
});

test.each(['movement', 'recurrent', 'loop', 'shapes_computed_batch', 'signatures', 'detection'])(
  'random damage of %s gives a graph or one clear error',
  (name) => {
    const whole = read(name);
    const damage = fc.array(
      fc.tuple(fc.nat(whole.length - 1), fc.constantFrom(0, 1, 2, 4, 8, 64, 127, 128, 255)),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(damage, (changes) => {
        const bytes = whole.slice();
        for (const [at, value] of changes) bytes[at] = value;
        const error = errorOf(bytes);
        if (error !== undefined) expect(error.message.length).toBeLessThan(1000);
      }),
      { numRuns: 400, seed: 1 },
    );
  },
);
