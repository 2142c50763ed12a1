import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Graph } from '@nnmeter/ir';
import { detectModelType, modelFileToGraph, modelToGraph } from '@nnmeter/predictor';
import { ROOT } from '../../scripts/pack-packages.mjs';

/** A Blob of which every read is noted: only ranges may be loaded. */
class WatchedBlob extends Blob {
  readonly name: string;
  readonly ranges: [number, number][] = [];

  constructor(bytes: Uint8Array, name: string) {
    super([bytes as Uint8Array<ArrayBuffer>]);
    this.name = name;
  }

  override slice(start = 0, end = this.size): Blob {
    this.ranges.push([start, Math.min(end, this.size)]);
    return super.slice(start, end);
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    throw new Error('the whole Blob is loaded');
  }
}

const files = ['onnx', 'tf', 'nn-meter-ir']
  .flatMap((folder) =>
    readdirSync(join(ROOT, 'fixtures', folder)).map((name) => join(folder, name)),
  )
  .filter((path) => /\.(onnx|pb)$|^nn-meter-ir.*\.json$/.test(path));

const inputShapes: Record<string, number[]> = {
  'onnx/dynamic_lstm.onnx': [1, 64],
  'onnx/dynamic_segmenter.onnx': [1, 3, 64, 96],
  'tf/unknown_dimensions.pb': [1, 32, 64, 3],
};

function content({ nodes, tensors, inputs, outputs, metadata, name, warnings }: Graph) {
  return { nodes, tensors: [...tensors], inputs, outputs, metadata, name, warnings };
}

describe('a Blob gives the graph of the file', () => {
  test.each(files)('%s', async (path) => {
    const whole = join(ROOT, 'fixtures', path);
    const shape = inputShapes[path.replaceAll('\\', '/')];
    const options = shape === undefined ? {} : { inputShapes: shape };
    const blob = new WatchedBlob(readFileSync(whole), path.replace(/.*[\\/]/, ''));
    expect(content(await modelToGraph(blob, undefined, options))).toEqual(
      content(await modelFileToGraph(whole, undefined, options)),
    );
  });
});

/** An ONNX model whose only weight, of `bytes` zeros, stands in front of the node that reads it. */
function onnx(bytes: number): Uint8Array {
  const varint = (number: number): number[] =>
    number < 128 ? [number] : [(number % 128) | 128, ...varint(Math.floor(number / 128))];
  const field = (number: number, content: number[]): number[] => [
    ...varint(number * 8 + 2),
    ...varint(content.length),
    ...content,
  ];
  const text = (number: number, value: string): number[] => field(number, [...Buffer.from(value)]);
  const float = (...dims: number[]): number[] =>
    field(
      2,
      field(1, [
        8,
        1,
        ...field(
          2,
          dims.flatMap((dim) => field(1, [8, ...varint(dim)])),
        ),
      ]),
    );
  const outputs = bytes / 4 / 64;
  const head = [8, 64, 8, ...varint(outputs), 16, 1, ...text(8, 'w'), 0x4a, ...varint(bytes)];
  const node = [...text(1, 'x'), ...text(1, 'w'), ...text(2, 'y'), ...text(4, 'MatMul')];
  const rest = [
    ...field(1, node),
    ...field(11, [...text(1, 'x'), ...float(1, 64)]),
    ...field(12, text(1, 'y')),
  ];
  const weight = [...varint(5 * 8 + 2), ...varint(head.length + bytes), ...head];
  const graph = [...varint(7 * 8 + 2), ...varint(weight.length + bytes + rest.length), ...weight];
  const start = [8, 8, ...field(8, [16, 17]), ...graph];
  const model = new Uint8Array(start.length + bytes + rest.length);
  model.set(start);
  model.set(rest, start.length + bytes);
  return model;
}

test('weights are not loaded', async () => {
  const blob = new WatchedBlob(onnx(64 * 2 ** 20), 'large.onnx');
  const graph = await modelToGraph(blob);
  expect(graph.tensor('y').shape).toEqual([1, (64 * 2 ** 20) / 256]);
  const loaded = blob.ranges.reduce((sum, [start, end]) => sum + end - start, 0);
  expect(loaded).toBeLessThan(300_000);
});

test('a Blob that is cut off anywhere is refused as its bytes are', async () => {
  const bytes = onnx(4096);
  for (let length = 1; length < bytes.length; length += 17) {
    const cut = bytes.slice(0, length);
    const failure = (error: Error & { code: string }) => error.code;
    const expected = await modelToGraph(cut, 'onnx').catch(failure);
    expect(await modelToGraph(new Blob([cut]), 'onnx').catch(failure)).toBe(expected);
  }
});

describe('several Files', () => {
  const file = (name: string, bytes: Uint8Array | string): File =>
    new File([bytes as Uint8Array<ArrayBuffer> | string], name);
  const savedModel = readFileSync(join(ROOT, 'fixtures/tf/saved_model/saved_model.pb'));

  test('the model is the one that is recognised', async () => {
    const files = [file('notes.txt', 'notes'), file('saved_model.pb', savedModel)];
    const graph = await modelToGraph(files);
    expect(graph.metadata.format).toBe('tensorflow-savedmodel');
    await expect(modelToGraph([files[0]!])).rejects.toMatchObject({ code: 'E_UNSUPPORTED_FORMAT' });
  });

  test('the type of a File is found too', async () => {
    expect(await detectModelType(file('x.bin', savedModel))).toBe('pb');
    await expect(detectModelType(file('empty.onnx', ''))).rejects.toThrow(/"empty\.onnx" is empty/);
  });
});
