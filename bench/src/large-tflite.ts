import { Builder, type Offset } from 'flatbuffers';
import { SparseFile, WEIGHT_BYTES, WIDTH } from './sparse-file.ts';

// A large TFLite file whose weights are holes: a chain of fully connected layers with 16 MiB weights, which lie behind the
// tables, as in files over 2 GB.

const FULLY_CONNECTED = 9;
/** The tag of its options in their union. */
const FULLY_CONNECTED_OPTIONS = 8;
/** Weights begin at such positions. */
const ALIGNMENT = 64;

/** A field of a table, by its number in the schema. */
type Field = readonly [number, (builder: Builder, field: number) => void];

const int32 = (value: number) => (builder: Builder, field: number) =>
  builder.addFieldInt32(field, value, 0);
const uint32 = int32;
const int8 = (value: number) => (builder: Builder, field: number) =>
  builder.addFieldInt8(field, value, 0);
const uint64 = (value: number) => (builder: Builder, field: number) =>
  builder.addFieldInt64(field, BigInt(value), 0n);
const offset = (value: Offset) => (builder: Builder, field: number) =>
  builder.addFieldOffset(field, value, 0);

function table(builder: Builder, ...fields: readonly Field[]): Offset {
  builder.startObject(Math.max(0, ...fields.map(([field]) => field + 1)));
  for (const [field, add] of fields) add(builder, field);
  return builder.endObject();
}

function offsets(builder: Builder, items: readonly Offset[]): Offset {
  builder.startVector(4, items.length, 4);
  for (const item of items.toReversed()) builder.addOffset(item);
  return builder.endVector();
}

function int32s(builder: Builder, items: readonly number[]): Offset {
  builder.startVector(4, items.length, 4);
  for (const item of items.toReversed()) builder.addInt32(item);
  return builder.endVector();
}

/** The tables of a file whose weights begin at `start`. Tensors: the input, then the weights and the result of each layer. */
function tables(layers: number, start: number): Uint8Array {
  const builder = new Builder(2 ** 16);
  const tensor = (name: string, shape: readonly number[], buffer: number): Offset => {
    const [named, sides] = [builder.createString(name), int32s(builder, shape)];
    return table(builder, [0, offset(sides)], [2, uint32(buffer)], [3, offset(named)]);
  };
  const tensors = [tensor('x', [1, WIDTH], 0)];
  const operators: Offset[] = [];
  const buffers = [table(builder)];
  for (let layer = 0; layer < layers; layer++) {
    tensors.push(tensor(`w${layer}`, [WIDTH, WIDTH], layer + 1));
    tensors.push(tensor(`t${layer}`, [1, WIDTH], 0));
    buffers.push(
      table(builder, [1, uint64(start + layer * WEIGHT_BYTES)], [2, uint64(WEIGHT_BYTES)]),
    );
    const inputs = int32s(builder, [2 * layer, 2 * layer + 1, -1]);
    const outputs = int32s(builder, [2 * layer + 2]);
    const options = table(builder);
    operators.push(
      table(
        builder,
        [1, offset(inputs)],
        [2, offset(outputs)],
        [3, int8(FULLY_CONNECTED_OPTIONS)],
        [4, offset(options)],
      ),
    );
  }
  const parts = [offsets(builder, tensors), int32s(builder, [0]), int32s(builder, [2 * layers])];
  const subgraph = table(
    builder,
    ...[...parts, offsets(builder, operators)].map((part, field): Field => [field, offset(part)]),
  );
  const code = table(builder, [0, int8(FULLY_CONNECTED)], [3, int32(FULLY_CONNECTED)]);
  const [codes, subgraphs] = [offsets(builder, [code]), offsets(builder, [subgraph])];
  const stored = offsets(builder, buffers);
  const model = table(
    builder,
    [0, int32(3)],
    [1, offset(codes)],
    [2, offset(subgraphs)],
    [4, offset(stored)],
  );
  builder.finish(model, 'TFL3');
  return builder.asUint8Array();
}

/** Writes a TFLite file. @returns its number of layers */
export function writeTfLite(path: string, bytes: number): number {
  const layers = Math.ceil(bytes / WEIGHT_BYTES);
  // Tables take as many bytes wherever the weights begin.
  const start = Math.ceil(tables(layers, ALIGNMENT).length / ALIGNMENT) * ALIGNMENT;
  const file = new SparseFile(path);
  file.write(tables(layers, start));
  file.skip(start - file.size + layers * WEIGHT_BYTES);
  file.close();
  return layers;
}
