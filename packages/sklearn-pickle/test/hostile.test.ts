import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { NnMeterError } from '@nnmeter/ir';
import { readSklearnForest } from '@nnmeter/sklearn-pickle';
import fc from 'fast-check';
import { PickleBuilder } from './pickle-builder.ts';

const FOREST = ['sklearn.ensemble._forest', 'RandomForestRegressor'] as const;
const SEARCH = ['sklearn.model_selection._search', 'GridSearchCV'] as const;
const pickle = () => new PickleBuilder();

function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`../fixtures/sklearn-1.7.2-${name}.pkl`, import.meta.url));
}

describe('refused by name', () => {
  test.each([
    ['os', 'system'],
    ['posix', 'system'],
    ['builtins', 'eval'],
    ['builtins', '__import__'],
    ['subprocess', 'Popen'],
    ['sklearn.ensemble._forest', 'RandomForestClassifier'],
    ['sklearn.linear_model._base', 'LinearRegression'],
    ['numpy.testing._private.utils', 'runstring'],
  ])('%s.%s', (module, name) => {
    const call = pickle().global(module, name).text('true').raw(0x85, 0x52).end();
    expect(() => readSklearnForest(call)).toThrow(
      expect.objectContaining({
        code: 'E_UNSUPPORTED_FORMAT',
        message: expect.stringContaining(`${module}.${name}`),
      }),
    );
  });

  test('also by STACK_GLOBAL, and deep inside an allowed object', () => {
    const nested = pickle()
      .global(...FOREST)
      .raw(0x29, 0x81, 0x7d, 0x28);
    nested.text('estimators_').text('os').text('system').raw(0x93);
    expect(() => readSklearnForest(nested.end())).toThrow('os.system');
  });

  test('a long or unprintable name is shortened', () => {
    const call = pickle().global('\u0007'.repeat(5), 'x'.repeat(500)).end();
    expect(() => readSklearnForest(call)).toThrow(/refers to \?{5}\.x{114}\.\.\., which/);
  });

  test('joblib files say what to do instead', () => {
    expect(() => readSklearnForest(fixture('joblib'))).toThrow(
      'written by joblib.dump; write the model with pickle.dump',
    );
  });
});

describe('malformed or exhausting', () => {
  const huge = [0xff, 0xff, 0xff, 0xff];
  test.each<[string, Uint8Array, RegExp]>([
    ['no pickle', Buffer.from('hello'), /no pickle of protocol 2 to 5/],
    ['nothing', new Uint8Array(), /no pickle/],
    ['a newer protocol', Uint8Array.of(0x80, 9, 0x2e), /protocol 9; protocols 2 to 5 are read/],
    ['protocol 1', Uint8Array.of(0x80, 1, 0x2e), /protocol 1;/],
    ['a number', pickle().int32(7).end(), /holds a plain value/],
    ['10,000 nested lists', pickle().repeat(10_000, 0x5d).repeat(9_999, 0x61).end(), /plain value/],
    ['10,000 nested tuples', pickle().raw(0x29).repeat(10_000, 0x85).end(), /plain value/],
    ['500,000 open marks', pickle().repeat(500_000, 0x28).end(), /the stack is empty/],
    [
      '6,000,000 opcodes',
      new Uint8Array(6_000_002).fill(0x4e).fill(0x80, 0, 1).fill(4, 1, 2),
      /more than 5000000 opcodes/,
    ],
    [
      'bytes of 4 GB',
      pickle()
        .raw(0x42, ...huge)
        .end(),
      /4294967295 bytes are declared/,
    ],
    [
      'bytes of 2^64',
      pickle()
        .raw(0x8e, ...huge, ...huge)
        .end(),
      /bytes are declared/,
    ],
    [
      'text of 4 GB',
      pickle()
        .raw(0x58, ...huge)
        .end(),
      /4294967295 bytes are declared/,
    ],
    [
      'an integer of 4 GB',
      pickle()
        .raw(0x8b, ...huge)
        .end(),
      /4294967295 bytes are declared/,
    ],
    [
      'an absent memo entry',
      pickle()
        .raw(0x6a, ...huge)
        .end(),
      /memo 4294967295 was never set/,
    ],
    ['an empty stack', pickle().raw(0x30).end(), /the stack is empty/],
    ['no mark', pickle().raw(0x74).end(), /no mark is set/],
    ['a call of a list', pickle().raw(0x5d, 0x29, 0x52).end(), /something that is no class/],
    ['a persistent id', pickle().raw(0x5d, 0x51).end(), /opcode 0x51/],
    ['a registered extension', pickle().raw(0x82, 1).end(), /opcode 0x82/],
    ['an out-of-band buffer', pickle().raw(0x97).end(), /opcode 0x97/],
    ['broken UTF-8', pickle().raw(0x8c, 1, 0xff).end(), /not UTF-8/],
  ])('%s', (_, bytes, message) => {
    expect(() => readSklearnForest(bytes)).toThrow(message);
    expect(() => readSklearnForest(bytes)).toThrow(NnMeterError);
  });

  test('a search that is its own best estimator', () => {
    const builder = pickle()
      .global(...SEARCH)
      .raw(0x29, 0x81, 0x94, 0x7d, 0x28);
    const cyclic = builder.text('best_estimator_').raw(0x68, 0).raw(0x75, 0x62).end();
    expect(() => readSklearnForest(cyclic)).toThrow('holds GridSearchCV');
  });

  test('a forest that is its own tree', () => {
    const builder = pickle()
      .global(...FOREST)
      .raw(0x29, 0x81, 0x94, 0x7d, 0x28);
    const cyclic = builder.text('estimators_').raw(0x5d, 0x68, 0, 0x61).raw(0x75, 0x62).end();
    expect(() => readSklearnForest(cyclic)).toThrow('was not fitted');
  });

  test('a list that contains itself', () => {
    const cyclic = pickle().raw(0x5d, 0x94, 0x68, 0, 0x61).end();
    expect(() => readSklearnForest(cyclic)).toThrow('plain value');
  });

  test('a field of a record that begins amid a byte', () => {
    const bytes = fixture('protocol4');
    const offset = Buffer.from([0x4b, 24, 0x86]); // BININT1, of the threshold; TUPLE2.
    const at = Buffer.from(bytes).indexOf(offset);
    const fraction = [0x47, 0x40, 0x38, 0x80, 0, 0, 0, 0, 0]; // BINFLOAT 24.5.
    const broken = Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from(fraction),
      bytes.subarray(at + 2),
    ]);
    expect(() => readSklearnForest(broken)).toThrow('has a broken record dtype');
  });

  test('one tree listed 100,000 times', () => {
    const bytes = fixture('protocol4');
    const appends = bytes.lastIndexOf(0x65); // Opcode APPENDS at the end of the list of trees.
    const firstTree = [0x68, 44]; // BINGET of its memo entry.
    const bomb = Buffer.concat([
      bytes.subarray(0, appends),
      Buffer.alloc(200_000, Buffer.from(firstTree)),
      bytes.subarray(appends),
    ]);
    expect(() => readSklearnForest(bomb)).toThrow(/nodes in a file of 213016 bytes/);
  });
});

describe('damaged fixtures', () => {
  const names = ['protocol2', 'protocol4', 'protocol5', 'randomized-search'] as const;

  test.each(names)('%s: every truncation is an error', (name) => {
    const bytes = fixture(name);
    for (let length = 0; length < bytes.length; length += 1 + (length >> 6)) {
      expect(() => readSklearnForest(bytes.subarray(0, length))).toThrow(NnMeterError);
    }
  });

  test.each(names)('%s: changed bytes give a forest or an NnMeterError, nothing else', (name) => {
    const bytes = fixture(name);
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const damaged = bytes.slice();
        for (const [index, value] of changes) damaged[index] = value;
        try {
          expect(readSklearnForest(damaged).forest.nodeCount).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(NnMeterError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
