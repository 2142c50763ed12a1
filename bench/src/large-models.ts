import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SparseFile, WEIGHT_BYTES, WIDTH } from './sparse-file.ts';

// Large protobuf files whose weights are holes: a chain of MatMul nodes with 16 MiB weights.

/** Fields in which ONNX keeps weights. */
export const RAW_DATA = 9;
export const FLOAT_DATA = 4;

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

/** A length-delimited protobuf field. */
function field(number: number, content: readonly number[], extra = 0): number[] {
  return [...varint(number * 8 + 2), ...varint(content.length + extra), ...content];
}

function text(number: number, value: string): number[] {
  return field(number, [...Buffer.from(value)]);
}

/** A float tensor type of shape [1, WIDTH] for a graph's input or output. */
function valueInfo(name: string): number[] {
  const dims = [1, WIDTH].flatMap((extent) => field(1, [0x08, ...varint(extent)]));
  return [...text(1, name), ...field(2, field(1, [0x08, 1, ...field(2, dims)]))];
}

/** Writes an ONNX model. @returns its number of nodes */
export function writeOnnx(path: string, bytes: number, payloadField = RAW_DATA): number {
  const layers = Math.ceil(bytes / WEIGHT_BYTES);
  const nodes: number[] = [];
  const weights: number[][] = [];
  for (let layer = 0; layer < layers; layer++) {
    const [input, output] = [layer === 0 ? 'x' : `t${layer}`, `t${layer + 1}`];
    nodes.push(
      ...field(1, [
        ...text(1, input),
        ...text(1, `w${layer}`),
        ...text(2, output),
        ...text(4, 'MatMul'),
      ]),
    );
    const tensor = [
      0x08,
      ...varint(WIDTH),
      0x08,
      ...varint(WIDTH),
      0x10,
      1,
      ...text(8, `w${layer}`),
    ];
    const head = [...tensor, ...varint(payloadField * 8 + 2), ...varint(WEIGHT_BYTES)];
    weights.push([...field(5, head, WEIGHT_BYTES)]);
  }
  const ends = [...field(11, valueInfo('x')), ...field(12, valueInfo(`t${layers}`))];
  const graphBytes =
    nodes.length + ends.length + weights.reduce((sum, head) => sum + head.length + WEIGHT_BYTES, 0);
  const file = new SparseFile(path);
  file.write([0x08, 8, ...field(8, [0x10, 17]), ...varint(7 * 8 + 2), ...varint(graphBytes)]);
  file.write(nodes);
  for (const head of weights) {
    file.write(head);
    file.skip(WEIGHT_BYTES);
  }
  file.write(ends);
  file.close();
  return layers;
}

/** An entry of a node's attributes. */
function attribute(key: string, value: readonly number[], extra = 0): number[] {
  return field(5, [...text(1, key), ...field(2, value, extra)], extra);
}

/** Writes a TensorFlow GraphDef. @returns its number of MatMul nodes */
export function writeGraphDef(path: string, bytes: number): number {
  const layers = Math.ceil(bytes / WEIGHT_BYTES);
  const file = new SparseFile(path);
  const shape = (...extents: readonly number[]): number[] =>
    extents.flatMap((extent) => field(2, [0x08, ...varint(extent)]));
  const float = attribute('dtype', [0x30, 1]);
  const placeholder = [...text(1, 'x'), ...text(2, 'Placeholder'), ...float];
  file.write(field(1, [...placeholder, ...attribute('shape', field(7, shape(1, WIDTH)))]));
  for (let layer = 0; layer < layers; layer++) {
    const tensor = [0x08, 1, ...field(2, shape(WIDTH, WIDTH))];
    const head = [...tensor, ...varint(4 * 8 + 2), ...varint(WEIGHT_BYTES)];
    const value = attribute('value', field(8, head, WEIGHT_BYTES), WEIGHT_BYTES);
    const constant = [...text(1, `w${layer}`), ...text(2, 'Const'), ...float];
    file.write(field(1, [...constant, ...value], WEIGHT_BYTES));
    file.skip(WEIGHT_BYTES);
    const reads = [...text(3, layer === 0 ? 'x' : `t${layer - 1}`), ...text(3, `w${layer}`)];
    file.write(field(1, [...text(1, `t${layer}`), ...text(2, 'MatMul'), ...reads]));
  }
  file.close();
  return layers;
}

/** Writes a SavedModel, a folder whose weights are in a file of their own. @returns its number of MatMul nodes */
export function writeSavedModel(folder: string, bytes: number): number {
  const layers = Math.ceil(bytes / WEIGHT_BYTES);
  mkdirSync(join(folder, 'variables'), { recursive: true });
  const weights = new SparseFile(join(folder, 'variables/variables.data-00000-of-00001'));
  weights.skip(layers * WEIGHT_BYTES);
  weights.close();
  const shape = (...extents: readonly number[]): number[] =>
    attribute(
      'shape',
      field(
        7,
        extents.flatMap((extent) => field(2, [0x08, ...varint(extent)])),
      ),
    );
  const float = attribute('dtype', [0x30, 1]);
  const node = (name: string, op: string, inputs: readonly string[], ...rest: number[][]) =>
    field(1, [
      ...text(1, name),
      ...text(2, op),
      ...inputs.flatMap((input) => text(3, input)),
      ...rest.flat(),
    ]);
  const nodes = [node('x', 'Placeholder', [], float, shape(1, WIDTH))];
  for (let layer = 0; layer < layers; layer++) {
    nodes.push(node(`v${layer}`, 'VarHandleOp', [], float, shape(WIDTH, WIDTH)));
    nodes.push(node(`w${layer}`, 'ReadVariableOp', [`v${layer}`], float));
    nodes.push(node(`t${layer}`, 'MatMul', [layer === 0 ? 'x' : `t${layer - 1}`, `w${layer}`]));
  }
  const model = new SparseFile(join(folder, 'saved_model.pb'));
  model.write([0x08, 1, ...field(2, [...field(1, text(4, 'serve')), ...field(2, nodes.flat())])]);
  model.close();
  return layers;
}
