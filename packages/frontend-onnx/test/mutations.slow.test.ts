import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ModelProto, readOnnx, readOnnxFile } from '@nnmeter/frontend-onnx';
import { Graph, NnMeterError } from '@nnmeter/ir';
import fc from 'fast-check';
import { fixture, onnx } from './support/onnx-model.ts';

/** Small fixtures that together use every part of the format. */
const MODELS = [
  'qdq',
  'functions',
  'branches',
  'dynamic_segmenter',
  'ops-opset13',
  'ops-opset23',
].map((name) => fixture(name));

/** What reading may lead to: a graph, or one error of ours with a message of readable length. */
function expectGraphOrRefusal(read: () => Graph): void {
  try {
    expect(read()).toBeInstanceOf(Graph);
  } catch (error) {
    if (!(error instanceof NnMeterError)) throw error;
    expect(error.message.length).toBeLessThan(1000);
  }
}

const mutations = fc.array(
  fc.record({
    kind: fc.constantFrom('set', 'insert', 'delete', 'copy'),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    to: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
  }),
  { minLength: 1, maxLength: 6 },
);

function mutate(
  model: Uint8Array,
  steps: typeof mutations extends fc.Arbitrary<infer T> ? T : never,
): Uint8Array {
  let bytes = [...model];
  for (const { kind, at, to, bytes: given } of steps) {
    const position = Math.floor(at * bytes.length);
    if (kind === 'set') bytes.splice(position, given.length, ...given);
    else if (kind === 'insert') bytes.splice(position, 0, ...given);
    else if (kind === 'delete') bytes.splice(position, given.length);
    else {
      const part = bytes.slice(position, position + 200);
      bytes = bytes.toSpliced(Math.floor(to * bytes.length), 0, ...part);
    }
  }
  return Uint8Array.from(bytes);
}

describe('mutated models give a graph or one clear error', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nnmeter-onnx-mutated-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('bytes changed, inserted, left out, repeated: from a file the outcome is the same', async () => {
    const path = join(folder, 'model.onnx');
    const outcome = (error: unknown): string => {
      if (!(error instanceof NnMeterError)) throw error;
      return error.code;
    };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...MODELS), mutations, async (model, steps) => {
        const bytes = mutate(model, steps);
        writeFileSync(path, bytes);
        const fromFile = await readOnnxFile(path).then(
          (graph) => String(graph.nodes.length),
          outcome,
        );
        let fromBytes: string;
        try {
          fromBytes = String(readOnnx(bytes).nodes.length);
        } catch (error) {
          fromBytes = outcome(error);
        }
        expect(fromFile).toBe(fromBytes);
      }),
      { numRuns: 500 },
    );
  });

  test('well-formed models with changed numbers, names, ops and attributes', () => {
    const decoded = MODELS.map((bytes) =>
      onnx.ModelProto.toObject(onnx.ModelProto.decode(bytes), { longs: Number }),
    );
    const extremes = fc.constantFrom(
      0,
      1,
      -1,
      2,
      3,
      255,
      2 ** 31,
      -(2 ** 31),
      2 ** 53,
      2 ** 62,
      -(2 ** 63),
    );
    const anything = fc.oneof(
      extremes,
      fc.constantFrom('', 'x', 'input', '__proto__', 'Conv', 'If', 'Loop'),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...decoded),
        fc.array(fc.tuple(fc.nat(), anything), { minLength: 1, maxLength: 4 }),
        (model, changes) => {
          const copy = structuredClone(model);
          for (const [index, value] of changes) replaceLeaf(copy, index, value);
          expectGraphOrRefusal(() => readOnnx(copy as ModelProto));
        },
      ),
      { numRuns: 700 },
    );
  });
});

/** Replaces one number or string of an object tree, chosen by an index, by a value of the same type. */
function replaceLeaf(root: object, index: number, value: number | string): void {
  const places: { holder: Record<string, unknown>; key: string }[] = [];
  const visit = (holder: Record<string, unknown>): void => {
    for (const [key, child] of Object.entries(holder)) {
      if (typeof child === typeof value) places.push({ holder, key });
      else if (child instanceof Uint8Array) continue;
      else if (typeof child === 'object' && child !== null) visit(child as Record<string, unknown>);
    }
  };
  visit(root as Record<string, unknown>);
  const place = places[index % Math.max(places.length, 1)];
  if (place !== undefined) place.holder[place.key] = value;
}
