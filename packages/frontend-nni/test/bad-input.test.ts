import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { frontend, readNniIr } from '@nnmeter/frontend-nni';
import { NnMeterError } from '@nnmeter/ir';
import { openModel, readModel } from '@nnmeter/model-source';
import fc from 'fast-check';
import { INPUT, mnist, NniGraphBuilder, OUTPUT } from './support/model.ts';

function failure(source: unknown): NnMeterError {
  try {
    readNniIr(source);
  } catch (error) {
    if (error instanceof NnMeterError) return error;
    throw error;
  }
  throw new Error('was read without an error');
}

const vector = { shapes: { in: [[1, 8]], out: [[1, 8]] } };
const relu = (name: string, from: string) =>
  new NniGraphBuilder('x').node(name, 'aten::relu', [from], vector);

describe('what is no NNI graph', () => {
  test.each([
    ['text', 'no json', /no valid JSON/],
    ['bytes', new Uint8Array([0xff, 0xfe, 0x00]), /no valid JSON/],
    ['a list', '[]', /not a JSON object/],
    ['null', 'null', /not a JSON object/],
    ['an empty object', '{}', /no graph/],
    ['nodes that are a list', '{"_model": {"nodes": [], "edges": []}}', /no graph/],
    [
      'a node without operation',
      '{"nodes": {"a": {}}, "edges": []}',
      /node "a" has no "operation"/,
    ],
    ['an edge that is a number', '{"nodes": {}, "edges": [7]}', /edge 0 of graph "_model"/],
    [
      'an edge from nowhere',
      '{"nodes": {}, "edges": [{"head": ["gone", 0], "tail": ["_outputs", 0]}]}',
      /head of edge 0 .* node "gone", which does not exist/,
    ],
    [
      'a slot that is negative',
      '{"nodes": {}, "edges": [{"head": ["_inputs", -1], "tail": ["_outputs", 0]}]}',
      /head of edge 0/,
    ],
    [
      'dimensions beyond integers',
      `{"nodes": {"a": {"operation": {"type": "aten::relu", "parameters": {"input_shape": [[1, 1e300]]}}}}, "edges": []}`,
      /input_shape of node "a"/,
    ],
    [
      'several graphs without a root',
      '{"a": {"nodes": {}, "edges": []}, "b": {"nodes": {}, "edges": []}}',
      /none is named "_model"/,
    ],
  ])('%s', (_, source, message) => {
    const error = failure(source);
    expect(error.code).toBe('E_INVALID_INPUT');
    expect(error.message).toMatch(message);
  });

  test('keys named __proto__ change nothing', () => {
    const source = '{"__proto__": {"nodes": {}, "edges": []}, "constructor": 1}';
    expect(failure(source).code).toBe('E_SHAPE');
    expect(({} as { nodes?: unknown }).nodes).toBeUndefined();
  });
});

test('a graph without shapes says how to get them', () => {
  const graph = new NniGraphBuilder('x').node('conv', 'aten::relu', [INPUT]).edge('conv', OUTPUT);
  const error = failure(JSON.stringify(graph));
  expect(error.code).toBe('E_SHAPE');
  expect(error.message).toMatch(/no shapes.*GraphConverterWithShape/);
});

test('a node without shapes among others is kept, with unknown shapes', () => {
  const graph = readNniIr(
    JSON.parse(
      JSON.stringify(
        new NniGraphBuilder('x')
          .node('known', 'aten::relu', [INPUT], vector)
          .node('unknown', '__torch__.torch.nn.modules.conv.Conv2d', ['known'])
          .edge('unknown', OUTPUT),
      ),
    ),
  );
  expect(graph.node('unknown')).toMatchObject({ op: 'custom', inputs: ['known'] });
  expect(graph.tensor('unknown').shape).toBeUndefined();
});

test('shapes cannot be overridden', () => {
  const read = () => readNniIr(JSON.stringify(mnist()), { inputShapes: [1, 1, 32, 32] });
  expect(read).toThrow(/fixed shapes/);
});

describe('graphs that cannot run', () => {
  test('a cycle is named', () => {
    const graph = relu('a', 'b').node('b', 'aten::relu', ['a'], vector).edge('b', OUTPUT);
    const error = failure(JSON.stringify(graph));
    expect(error.code).toBe('E_INVALID_GRAPH');
    expect(error.message).toMatch(/cycle: ("a" -> "b"|"b" -> "a")/);
  });

  test('a cell that contains itself', () => {
    const cell = new NniGraphBuilder('x').node('again', '_cell', [INPUT], { cell: '_model' });
    const error = failure(JSON.stringify({ _model: cell }));
    expect(error.code).toBe('E_INVALID_GRAPH');
    expect(error.message).toMatch(/"_model" contains itself/);
  });

  test('a cell that only passes its own result on', () => {
    const pass = new NniGraphBuilder('x').edge(INPUT, OUTPUT);
    const root = new NniGraphBuilder('x')
      .node('loop', '_cell', ['loop'], { cell: 'pass' })
      .node('relu', 'aten::relu', ['loop'], vector)
      .edge('relu', OUTPUT);
    const error = failure(JSON.stringify({ _model: root, pass }));
    expect(error.message).toMatch(/feeds itself/);
  });

  test('a cell without a graph, and a result that a node does not have', () => {
    const missing = new NniGraphBuilder('x').node('cell', '_cell', [INPUT], { cell: 'gone' });
    expect(failure(JSON.stringify(missing)).message).toMatch(/graph "gone", which does not exist/);
    const slot = new NniGraphBuilder('x')
      .node('a', 'aten::relu', [INPUT], vector)
      .node('b', 'aten::relu', [['a', 5]], vector);
    expect(failure(JSON.stringify(slot)).message).toMatch(/result 5 of node "a"/);
  });

  test('cells that expand without end are stopped', () => {
    const graphs: Record<string, unknown> = {};
    for (let level = 0; level < 60; level++) {
      graphs[level === 0 ? '_model' : `level${level}`] = new NniGraphBuilder('x')
        .node('left', '_cell', [INPUT], { cell: `level${level + 1}` })
        .node('right', '_cell', [INPUT], { cell: `level${level + 1}` })
        .edge('left', OUTPUT);
    }
    graphs.level60 = new NniGraphBuilder('x').edge(INPUT, OUTPUT);
    expect(failure(JSON.stringify(graphs)).code).toBe('E_LIMIT');
  });

  test('cells nested a thousand deep are stopped', () => {
    const graphs: Record<string, unknown> = {};
    for (let level = 0; level < 1000; level++) {
      graphs[level === 0 ? '_model' : `level${level}`] = new NniGraphBuilder('x').node(
        'inner',
        '_cell',
        [INPUT],
        { cell: `level${(level + 1) % 1000}` },
      );
    }
    expect(failure(JSON.stringify(graphs)).code).toBe('E_LIMIT');
  });
});

test('50 000 nodes in a row are read', () => {
  const graph = new NniGraphBuilder('x');
  for (let index = 0; index < 50_000; index++) {
    graph.node(`n${index}`, 'aten::relu', [index === 0 ? INPUT : `n${index - 1}`], vector);
  }
  expect(readNniIr(JSON.parse(JSON.stringify(graph))).nodes).toHaveLength(50_000);
});

test('whatever is changed in a model, it is read or refused with an NnMeterError', () => {
  const text = JSON.stringify(mnist());
  const values = fc.oneof(
    fc.constantFrom(null, -1, 1e300, '', '_cell', [], {}, [[]], '_inputs', 'stem', true),
    fc.jsonValue({ maxDepth: 2 }),
  );
  fc.assert(
    fc.property(fc.nat(), values, (position, value) => {
      const changed: unknown = JSON.parse(text);
      replaceAt(changed, position, value);
      try {
        readNniIr(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(NnMeterError);
      }
    }),
    { numRuns: 500 },
  );
});

/** Replaces one of the values inside a JSON value, counted in depth-first order modulo their number. */
function replaceAt(json: unknown, position: number, value: unknown): void {
  const places: (() => void)[] = [];
  const visit = (parent: unknown): void => {
    if (typeof parent !== 'object' || parent === null) return;
    const holder = parent as Record<string, unknown>;
    for (const key of Object.keys(holder)) {
      places.push(() => {
        holder[key] = value;
      });
      visit(holder[key]);
    }
  };
  visit(json);
  places[position % places.length]!();
}

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nni-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('the graph takes the name of the file', async () => {
    const path = join(folder, 'mnist.json');
    writeFileSync(path, JSON.stringify(mnist()));
    expect((await readModel(await openModel(path), frontend)).name).toBe('mnist');
    expect((await readModel(await openModel(path), frontend, { name: 'other' })).name).toBe(
      'other',
    );
  });
});
