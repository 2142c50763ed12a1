import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterAll, describe, expect, test } from '@jest/globals';
import { frontend, readPt2 } from '@nnmeter/frontend-torch';
import { NnMeterError } from '@nnmeter/ir';
import { openModel } from '@nnmeter/model-source';
import fc from 'fast-check';
import { unzip } from 'unzipit';
import { zipOf } from '../../nn-meter-predictors/test/support/zip-writer.ts';
import { archive, type Json, meta, node, program, tensor } from './support/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'pt2-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function failure(bytes: Uint8Array): Promise<NnMeterError> {
  try {
    await readPt2(bytes);
  } catch (error) {
    if (error instanceof NnMeterError) return error;
    throw error;
  }
  throw new Error('was read without an error');
}

const fixtures = join(import.meta.dirname, '../../../fixtures/pt2');
const fixture = readFileSync(join(fixtures, 'net-2.15.pt2'));
const good = program(
  { x: meta(1, 4), y: meta(1, 4) },
  [node('relu.default', { self: tensor('x') }, ['y'])],
  ['y'],
);

function changed(change: (graph: Json, module: Json) => void): Uint8Array {
  const copy = structuredClone(good);
  const module = copy.graph_module as Json;
  change(module.graph as Json, module);
  return archive(copy);
}

describe('damaged programs give one error that says what and where', () => {
  test.each<[string, Uint8Array, RegExp]>([
    ['no JSON', archive('{"graph_module": '), /no valid JSON/],
    ['a list', archive('[]'), /the program is not an object/],
    ['no graph', archive('{"graph_module": {}}'), /graph_module\.graph is not an object/],
    ['no nodes', changed((graph) => delete graph.nodes), /graph\.nodes is not a list/],
    ['nodes that are a text', changed((graph) => (graph.nodes = 'x')), /nodes is not a list/],
    ['a node that is null', changed((graph) => (graph.nodes = [null])), /nodes\[0\] is not an/],
    [
      'a node without target',
      changed((graph) => delete (graph.nodes as Json[])[0]!.target),
      /nodes\[0\]\.target is not a text/,
    ],
    [
      'an argument that is a number',
      changed((graph) => ((graph.nodes as Json[])[0]!.inputs = [{ name: 'self', arg: 7 }])),
      /nodes\[0\], "self" is not an object/,
    ],
    ['no signature', changed((_, module) => delete module.signature), /signature is not an obj/],
    [
      'a size that is a text',
      changed((graph) => ((graph.tensor_values as Json).y = { dtype: 7, sizes: ['4'] })),
      /a size of the tensor "y"/,
    ],
    [
      'a tensor that nothing computes',
      changed(
        (graph) => ((graph.nodes as Json[])[0]!.inputs = [{ name: 'self', arg: tensor('gone') }]),
      ),
      /node "y" \(aten::relu\): it reads "gone", which nothing before it computes/,
    ],
    [
      'nodes that read each other',
      changed((graph) => {
        graph.nodes = [
          node('relu.default', { self: tensor('b') }, ['a']),
          node('relu.default', { self: tensor('a') }, ['b']),
        ];
      }),
      /"a" \(aten::relu\): it reads "b"/,
    ],
    [
      'a convolution without weight',
      changed((graph) => {
        graph.nodes = [node('conv2d.default', { input: tensor('x') }, ['y'])];
      }),
      /its argument "weight" is not a tensor/,
    ],
  ])('%s', async (_, bytes, message) => {
    const error = await failure(bytes);
    expect(error.message).toMatch(message);
    expect(error.code).toMatch(/^E_INVALID_(INPUT|GRAPH)$/);
  });

  test('graphs in graphs without end', async () => {
    let graph: Json = { inputs: [], outputs: [], nodes: [], tensor_values: {} };
    for (let depth = 0; depth < 60; depth++) {
      const args = { wrapped: { as_graph: { name: 'g', graph } } };
      graph = { ...graph, nodes: [node('torch.ops.higher_order.wrap', args, ['y'])] };
    }
    const bytes = changed((top) => (top.nodes = graph.nodes));
    expect((await failure(bytes)).message).toMatch(/nested more than 32 deep/);
  });

  test('what is fed and a weight at once', async () => {
    const tensors = { x: meta(4), p_w: meta(4), y: meta(4) };
    const args = { self: tensor('x'), other: tensor('p_w') };
    const both = program(tensors, [node('add.Tensor', args, ['y'])], ['y']);
    const { signature } = both.graph_module as { signature: { input_specs: Json[] } };
    signature.input_specs.push({ user_input: { arg: tensor('p_w') } });
    const error = await failure(archive(both));
    expect(error).toMatchObject({ code: 'E_INVALID_INPUT' });
    expect(error.message).toMatch(/the signature has two inputs "p_w"/);
  });

  test('an input that is there twice', async () => {
    const bytes = changed((graph) => {
      (graph.inputs as Json[]).push(tensor('x'));
    });
    expect((await failure(bytes)).message).toMatch(/the program has two inputs "x"/);
  });

  test('pads that make an impossible result, whatever shape is stated for it', async () => {
    const pad = { as_ints: [Number.MAX_SAFE_INTEGER, 1] };
    const nodes = [node('pad.default', { self: tensor('x'), pad }, ['y'])];
    const error = await failure(archive(program({ x: meta(8), y: meta(10) }, nodes, ['y'])));
    expect(error).toMatchObject({ code: 'E_SHAPE', where: { node: 'y' } });
  });

  test('sizes beyond integers', async () => {
    const bytes = changed((graph) => {
      graph.tensor_values = { x: meta(1e300, 4), y: meta(1e300, 4) };
    });
    expect((await failure(bytes)).message).toMatch(/a size of the tensor "x"|shape/);
  });
});

describe('damaged archives', () => {
  test.each([0, 1, 4, 30, 1000, fixture.length - 22, fixture.length - 1])(
    'cut off after %d bytes',
    async (length) => {
      const path = join(folder, `cut-${length}.pt2`);
      writeFileSync(path, fixture.subarray(0, length));
      await expect(readPt2(path)).rejects.toThrow(NnMeterError);
    },
  );

  test('a zip without a program', async () => {
    const error = await failure(zipOf([{ name: 'a.txt', content: Buffer.from('a') }]));
    expect(error).toMatchObject({ code: 'E_UNSUPPORTED_FORMAT' });
  });

  test('several programs of which none is the model', async () => {
    const content = Buffer.from(JSON.stringify(good));
    const entries = ['a', 'b'].map((name) => ({ name: `r/models/${name}.json`, content }));
    expect((await failure(zipOf(entries))).message).toMatch(/holds 2 programs.*models\/a\.json/);
  });

  test('a bomb is not unpacked', async () => {
    const content = Buffer.alloc(64 * 2 ** 20, ' ');
    const error = await failure(zipOf([{ name: 'r/models/model.json', content }]));
    expect(error).toMatchObject({ code: 'E_LIMIT' });
  });

  test('a size that is a lie is found', async () => {
    const content = Buffer.from(JSON.stringify(good));
    const packed = deflateRawSync(content).length;
    for (const size of [packed, content.length - 1, content.length + 1]) {
      const error = await failure(zipOf([{ name: 'r/models/model.json', content, size }]));
      expect(error).toMatchObject({ code: 'E_INVALID_INPUT' });
    }
  });

  test('any bytes changed give a graph or an NnMeterError', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(fixture.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        async (changes) => {
          const bytes = Uint8Array.from(fixture);
          for (const [at, byte] of changes) bytes[at] = byte;
          await readPt2(bytes).catch((error: unknown) => {
            expect(error).toBeInstanceOf(NnMeterError);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  // net-2.15-core has nodes of most kinds.
  test.each(['a small program', 'net-2.15-core.pt2', 'dynamic-2.15.pt2'])(
    'any value in any place of %s gives a graph or an NnMeterError',
    async (name) => {
      const source = name.endsWith('.pt2') ? await programOf(name) : good;
      const places = paths(source);
      const value = fc.constantFrom(null, 0, -1, 1e300, '', 'x', true, [], {}, [null], [{}]);
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...places), value, async (path, replacement) => {
          const copy = structuredClone(source);
          put(copy, path, replacement);
          await readPt2(archive(copy)).catch((error: unknown) => {
            expect(error).toBeInstanceOf(NnMeterError);
          });
        }),
        { numRuns: 400 },
      );
    },
  );
});

test('programs are recognised by their content', async () => {
  const matches = async (bytes: Uint8Array) => {
    const source = await openModel(bytes);
    return frontend.matches(source.head, source);
  };
  expect(await matches(fixture)).toBe(1);
  expect(await matches(zipOf([{ name: 'a/data.pkl', content: Buffer.from('x') }]))).toBe(0);
  expect(await matches(fixture.subarray(0, 500))).toBe(0);
});

async function programOf(name: string): Promise<Json> {
  const { entries } = await unzip(Uint8Array.from(readFileSync(join(fixtures, name))));
  const [program] = Object.values(entries).filter((entry) =>
    /models\/model\.json$/.test(entry.name),
  );
  return (await program!.json()) as Json;
}

type Path = readonly (string | number)[];

function paths(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return path.length > 0 ? [path] : [];
  const inner = Object.keys(value).flatMap((key) =>
    paths((value as Json)[key], [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return path.length > 0 ? [path, ...inner] : inner;
}

function put(root: Json, path: Path, value: unknown): void {
  let place = root as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) place = place[key] as Record<string | number, unknown>;
  place[path.at(-1)!] = value;
}
