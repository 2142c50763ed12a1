import { describe, expect, test } from '@jest/globals';
import { type ModelProto, readOnnx } from '@nnmeter/frontend-onnx';
import {
  encode,
  type GraphFields,
  int,
  model,
  network,
  node,
  onnx,
  value,
  weight,
} from './support/onnx-model.ts';
import { refusal } from './support/refusal.ts';

test('names of 100 MB, in memory and in errors', () => {
  const long = 'n'.repeat(100 * 2 ** 20);
  expect(refusal(network([{ ...node('Relu', ['x'], ['y']), name: long }], [1, 4]))).toEqual({
    code: 'E_LIMIT',
    message: expect.stringMatching(/more than 65,536 bytes in a name/),
  });
  const named = 'n'.repeat(60_000);
  expect(refusal(network([node('Relu', [named], ['y'])], [1, 4])).message.length).toBeLessThan(500);
});

test('millions of empty messages', () => {
  const empty = new Uint8Array(12_000_000);
  for (let index = 0; index < empty.length; index += 2) empty[index] = 0x0a;
  const head = onnx.ModelProto.encode({ irVersion: 8 }).finish();
  const bytes = Uint8Array.from([...head, 0x3a, ...lengthOf(empty.length)]);
  const whole = new Uint8Array(bytes.length + empty.length);
  whole.set(bytes);
  whole.set(empty, bytes.length);
  expect(refusal(whole)).toEqual({
    code: 'E_LIMIT',
    message: expect.stringMatching(/more than 5,000,000 messages/),
  });
});

test('200,000 nodes and 200,000 constants are no trouble, in any order', () => {
  const count = 200_000;
  const nodes = Array.from({ length: count }, (_, index) =>
    node(
      'Add',
      [index === 0 ? 'x' : `t${index - 1}`, `w${index}`],
      [index === count - 1 ? 'y' : `t${index}`],
    ),
  );
  const initializer = nodes.map((_, index) => weight(`w${index}`, [4]));
  const graph = { node: nodes.reverse(), input: [value('x', [1, 4])], output: [{ name: 'y' }] };
  const read = readOnnx(model({ ...graph, initializer }) as ModelProto);
  expect(read.nodes).toHaveLength(count);
  expect(read.nodes[0]!.inputs).toEqual(['x', 'w0']);
});

test('a node with 300,000 inputs', () => {
  const names = new Array<string>(300_000).fill('x');
  const nodes = [
    node('Sum', names, ['s']),
    node('Concat', [...names, 's'], ['y'], [int('axis', 0)]),
  ];
  expect(readOnnx(network(nodes, [2, 4])).tensor('y').shape).toEqual([600_002, 4]);
  const misfit = [node('Concat', names, ['y'], [int('axis', 5)])];
  expect(refusal(network(misfit, [2, 4])).message.length).toBeLessThan(1000);
  const scalars = [node('Concat', [...names, 'w'], ['y'], [int('axis', 0)])];
  expect(
    refusal(network(scalars, [2, 4], { initializer: [weight('w', [3])] })).message.length,
  ).toBeLessThan(1000);
});

test('functions that call themselves, and those that multiply', () => {
  const opsetImport = [
    { domain: '', version: 17 },
    { domain: 'f', version: 1 },
  ];
  const fn = (name: string, nodes: ReturnType<typeof node>[]) => ({
    name,
    domain: 'f',
    input: ['a'],
    output: ['b'],
    node: nodes,
    opsetImport,
  });
  const call = (name: string): Uint8Array | object => ({
    ...model({
      node: [node(name, ['x'], ['y'], [], 'f')],
      input: [value('x', [1, 4])],
      output: [{ name: 'y' }],
    }),
    opsetImport,
  });
  const endless = {
    ...call('Self'),
    functions: [fn('Self', [node('Self', ['a'], ['b'], [], 'f')])],
  };
  expect(refusal(endless)).toEqual({
    code: 'E_LIMIT',
    message: expect.stringMatching(/does a function call itself/),
  });
  const doubling = Array.from({ length: 30 }, (_, level) =>
    fn(
      `F${level}`,
      level === 0
        ? [node('Relu', ['a'], ['b'])]
        : [
            node(`F${level - 1}`, ['a'], ['m'], [], 'f'),
            node(`F${level - 1}`, ['m'], ['b'], [], 'f'),
          ],
    ),
  );
  expect(refusal({ ...call('F29'), functions: doubling })).toEqual({
    code: 'E_LIMIT',
    message: expect.stringMatching(/written out the model has more than 50,000,000 characters/),
  });
});

function lengthOf(length: number): number[] {
  const bytes: number[] = [];
  let rest = length;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

describe('what a small file multiplies', () => {
  const trips = { name: 'trips', dataType: 7, dims: [], int64Data: [90_000] };
  const loop = (input: string, output: string, body: NodeBody): ReturnType<typeof node> => {
    const graph: GraphFields = {
      input: [value('i', []), value('go', []), value('state')],
      output: [{ name: 'go' }, { name: body.result }],
      node: body.nodes,
    };
    return node('Loop', ['trips', '', input], [output], [{ name: 'body', type: 5, g: graph }]);
  };
  interface NodeBody {
    readonly nodes: ReturnType<typeof node>[];
    readonly result: string;
  }
  const scan = (output: string, nodes: ReturnType<typeof node>[], result: string) =>
    node(
      'Scan',
      ['x'],
      [output],
      [
        int('num_scan_inputs', 1),
        {
          name: 'body',
          type: 5,
          g: { input: [value('slice')], output: [{ name: result }], node: nodes },
        },
      ],
    );
  const read = (nodes: ReturnType<typeof node>[], input = [1]) => {
    const graph = { input: [value('x', input)], output: [{ name: 'y' }], initializer: [trips] };
    return refusal(encode(model({ ...graph, node: nodes })));
  };
  const tooMany = (what: string) => ({ code: 'E_LIMIT', message: expect.stringContaining(what) });

  test('loops in loops, whose bodies have no nodes', () => {
    const inner = loop('state', 'next', { nodes: [], result: 'state' });
    const outer = loop('x', 'y', { nodes: [inner], result: 'next' });
    expect(read([outer])).toEqual(tooMany('1,000,000 tensors'));
  });

  test('scans in scans', () => {
    const inner = scan('z', [], 'slice');
    expect(read([scan('y', [inner], 'z')], [50_000])).toEqual(tooMany('1,000,000 tensors'));
  });

  test('a loop over a node of many inputs', () => {
    const wide = node('Concat', new Array<string>(100_000).fill('state'), ['c'], [int('axis', 0)]);
    const body = { nodes: [wide, node('Relu', ['state'], ['next'])], result: 'next' };
    expect(read([loop('x', 'y', body)])).toEqual(tooMany('3,000,000 names'));
  });

  test('a loop that collects many results', () => {
    const names = Array.from({ length: 2000 }, (_, index) => `collected${index}`);
    const g: GraphFields = {
      input: [value('i', []), value('go', []), value('state')],
      output: [{ name: 'go' }, ...['', ...names].map(() => ({ name: 'state' }))],
    };
    const body = [{ name: 'body', type: 5, g }];
    expect(read([node('Loop', ['trips', '', 'x'], ['y', ...names], body)])).toEqual(
      tooMany('1,000,000 tensors'),
    );
  });

  test('a sequence that grows in a loop', () => {
    const body = { nodes: [node('SequenceInsert', ['state', 'x'], ['next'])], result: 'next' };
    const nodes = [
      node('SequenceEmpty', [], ['none']),
      loop('none', 'all', body),
      node('ConcatFromSequence', ['all'], ['y'], [int('axis', 0)]),
    ];
    expect(read(nodes)).toEqual(tooMany('1,000,000 tensors'));
  });

  test('a sequence that many nodes join', () => {
    const joins = Array.from({ length: 300 }, (_, index) =>
      node('ConcatFromSequence', ['parts'], [`y${index || ''}`], [int('axis', 0)]),
    );
    const nodes = [node('SplitToSequence', ['x'], ['parts'], [int('axis', 0)]), ...joins];
    expect(read(nodes, [10_000])).toEqual(tooMany('1,000,000 tensors'));
  });

  test('a long name in front of all names of a loop', () => {
    const body = { nodes: [node('Relu', ['state'], ['next'])], result: 'next' };
    const named = { ...loop('x', 'y', body), name: 'n'.repeat(60_000) };
    expect(read([named])).toEqual(tooMany('50,000,000 characters in its names'));
  });
});
