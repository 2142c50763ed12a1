import { type ByteSource, openModel } from '@nnmeter/model-source';
import { LazyReader } from '@nnmeter/model-source/protobuf';

/** What a runner has to know of an ONNX file; field numbers are those of onnx.proto. */
export interface OnnxFile {
  /** What has to be fed: inputs that no initializer fills. */
  readonly inputs: readonly OnnxInput[];
  /** In the order of the file, which is topological. */
  readonly nodes: readonly OnnxNode[];
}

export interface OnnxInput {
  readonly name: string;
  /** A number of TensorProto.DataType. */
  readonly elementType: number;
  /** -1 where the file leaves it open. */
  readonly shape: readonly number[];
}

export interface OnnxNode {
  readonly name: string;
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Reads an ONNX file from a path (in Node) or bytes, without its weights. @throws as `openModel`, RangeError if damaged */
export async function readOnnxFile(input: string | Uint8Array): Promise<OnnxFile> {
  const source = await openModel(input);
  try {
    return decode(source.direct!);
  } finally {
    source.close();
  }
}

/** What to do with the fields of a message, by number; it reads one value. Others are stepped over. */
type Fields = Readonly<Record<number, () => void>>;

function decode(input: Uint8Array | ByteSource): OnnxFile {
  const reader = new LazyReader(input, 'ONNX');
  const nodes: OnnxNode[] = [];
  const inputs: OnnxInput[] = [];
  const filled = new Set<string>();
  const graph: Fields = {
    1: () => nodes.push(decodeNode(reader)),
    5: () => readMessage(reader, { 8: () => filled.add(reader.string()) }),
    11: () => inputs.push(decodeInput(reader)),
  };
  readFields(reader, reader.len, { 7: () => readMessage(reader, graph) });
  return { nodes, inputs: inputs.filter(({ name }) => !filled.has(name)) };
}

function decodeNode(reader: LazyReader): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  let name = '';
  let opType = '';
  readMessage(reader, {
    1: () => inputs.push(reader.string()),
    2: () => outputs.push(reader.string()),
    3: () => {
      name = reader.string();
    },
    4: () => {
      opType = reader.string();
    },
  });
  return { name, opType, inputs, outputs };
}

function decodeInput(reader: LazyReader): OnnxInput {
  const shape: number[] = [];
  let name = '';
  let elementType = 0;
  const dimension: Fields = {
    1: () => {
      shape[shape.length - 1] = reader.int64();
    },
  };
  const extents: Fields = {
    1: () => {
      shape.push(-1);
      readMessage(reader, dimension);
    },
  };
  const tensor: Fields = {
    1: () => {
      elementType = reader.int32();
    },
    2: () => readMessage(reader, extents),
  };
  readMessage(reader, {
    1: () => {
      name = reader.string();
    },
    2: () => readMessage(reader, { 1: () => readMessage(reader, tensor) }),
  });
  return { name, elementType, shape };
}

function readMessage(reader: LazyReader, fields: Fields): void {
  readFields(reader, reader.size() + reader.pos, fields);
}

function readFields(reader: LazyReader, end: number, fields: Fields): void {
  while (reader.pos < end) {
    const tag = reader.tag();
    const read = fields[tag >>> 3];
    if (read === undefined) reader.skipType(tag & 7);
    else read();
  }
}
