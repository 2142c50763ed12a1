import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { frontend, readTfLite } from '@nnmeter/frontend-tflite';
import type { Graph } from '@nnmeter/ir';
import { type ModelSource, openModel } from '@nnmeter/model-source';

const fixtures = join(import.meta.dirname, '../../../fixtures/tflite');

function plain(graph: Graph) {
  return JSON.stringify([graph.nodes, [...graph.tensors.values()], graph.outputs, graph.warnings]);
}

async function readBlob(bytes: Uint8Array<ArrayBuffer>): Promise<Graph> {
  return frontend.read(await openModel(new Blob([bytes])), {});
}

test.each(['mobilenet_v2_f32', 'lstm', 'encoder_batch', 'appended'])(
  'a path, a Blob and bytes of %s give the same graph',
  async (name) => {
    const path = join(fixtures, `${name}.tflite`);
    const bytes = new Uint8Array(readFileSync(path));
    const source = await openModel(path);
    const expected = plain(readTfLite(bytes));
    expect(plain(await frontend.read(source, {}))).toBe(expected);
    expect(plain(await readBlob(bytes))).toBe(expected);
    source.close();
  },
);

/** Zeros of any size around some bytes, of which a count is kept of what is read. */
function sparseSource(bytes: Uint8Array, size: number): ModelSource & { readonly read: number } {
  const counted = { read: 0 };
  const fill = (position: number, target: Uint8Array): number => {
    counted.read += target.length;
    target.set(bytes.subarray(position, position + target.length));
    return target.length;
  };
  const slice = async (start: number, end: number) => {
    const target = new Uint8Array(end - start);
    fill(start, target);
    return target;
  };
  return {
    ...{ name: '', label: 'zeros', size, slice, direct: undefined },
    head: bytes.subarray(0, 64),
    sibling: () => Promise.reject(new Error('no sibling')),
    close: () => {},
    get read() {
      return counted.read;
    },
  };
}

test('a file of 3 GB whose constants lie behind the FlatBuffer is read in parts', async () => {
  const bytes = new Uint8Array(readFileSync(join(fixtures, 'appended.tflite')));
  const far = 2 ** 31 + 2 ** 30;
  // The places of both constants in the file, as they stand in it, moved by 3 GB.
  const { length } = bytes;
  const view = new DataView(bytes.buffer);
  const start = length - 16 - 480;
  let moved = 0;
  for (let at = 0; at + 8 <= start; at += 4) {
    const place = Number(view.getBigUint64(at, true));
    if (place !== start && place !== start + 16) continue;
    view.setBigUint64(at, BigInt(place + far), true);
    moved++;
  }
  expect(moved).toBe(2);
  const tail = bytes.slice(start);
  const source = sparseSource(bytes.slice(0, start), length + far);
  const slice: ModelSource['slice'] = async (from, to) => {
    if (from + 4096 <= far) return source.slice(from, to);
    const target = new Uint8Array(to - from);
    const offset = from - far - start;
    for (let index = 0; index < target.length; index++) target[index] = tail[index + offset] ?? 0;
    return target;
  };
  const graph = await frontend.read({ ...source, slice }, {});
  expect(graph.nodes.map(({ op }) => op)).toEqual(['reshape', 'fc']);
  expect(graph.tensor(graph.outputs[0]!).shape).toEqual([4, 5]);
  await expect(async () =>
    frontend.read({ ...source, slice, size: length + far - 1 }, {}),
  ).rejects.toThrow(/480 bytes are announced at byte/);
});

test('files are told by their content', async () => {
  const bytes = readFileSync(join(fixtures, 'products.tflite'));
  const score = async (head: Uint8Array) => frontend.matches(head, await openModel(head));
  expect(await score(bytes)).toBe(1);
  expect(await score(bytes.subarray(4))).toBe(0);
  expect(await score(new TextEncoder().encode('TFL3 is no model'))).toBe(0);
});
