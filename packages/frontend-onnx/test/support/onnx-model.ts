import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import onnxProto from 'onnx-proto';

export const { onnx } = onnxProto;
export type NodeFields = onnxProto.onnx.INodeProto;
export type GraphFields = onnxProto.onnx.IGraphProto;
export type ModelFields = onnxProto.onnx.IModelProto;

export const fixtures = join(import.meta.dirname, '../../../../fixtures/onnx');

export function fixture(name: string): Uint8Array {
  return readFileSync(join(fixtures, `${name}.onnx`));
}

/** A float tensor; strings are symbolic dimensions, undefined ones are anonymous. */
export function value(
  name: string,
  dims?: readonly (number | string | undefined)[],
): onnxProto.onnx.IValueInfoProto {
  const dim = dims?.map((extent) =>
    typeof extent === 'string'
      ? { dimParam: extent }
      : extent === undefined
        ? {}
        : { dimValue: extent },
  );
  return { name, type: { tensorType: { elemType: 1, ...(dim && { shape: { dim } }) } } };
}

export function ints(name: string, values: readonly number[]): onnxProto.onnx.IAttributeProto {
  return { name, type: 7, ints: [...values] };
}

export function int(name: string, i: number): onnxProto.onnx.IAttributeProto {
  return { name, type: 2, i };
}

/** An int64 vector with its values. */
export function vector(name: string, values: readonly number[]): onnxProto.onnx.ITensorProto {
  return { name, dataType: 7, dims: [values.length], int64Data: [...values] };
}

/** A float32 weight whose payload is absent. */
export function weight(name: string, dims: readonly number[]): onnxProto.onnx.ITensorProto {
  const externalData = [{ key: 'location', value: 'absent.bin' }];
  return { name, dataType: 1, dims: [...dims], dataLocation: 1, externalData };
}

export function model(graph: GraphFields, more: ModelFields = {}): ModelFields {
  return { irVersion: 8, opsetImport: [{ domain: '', version: 17 }], graph, ...more };
}

export function encode(fields: ModelFields): Uint8Array {
  return onnx.ModelProto.encode(fields).finish();
}

/** A model of one input "x" and one output "y". */
export function network(
  nodes: NodeFields[],
  input: readonly (number | string | undefined)[] | undefined,
  more: GraphFields = {},
): Uint8Array {
  return encode(
    model({ node: nodes, input: [value('x', input)], output: [{ name: 'y' }], ...more }),
  );
}

/** A node that reads and writes tensors of these names. */
export function node(
  opType: string,
  input: string[],
  output: string[],
  attribute: onnxProto.onnx.IAttributeProto[] = [],
  domain = '',
): NodeFields {
  return { opType, input, output, attribute, domain, name: `${opType} ${output[0]}` };
}

/** A reshape of x whose target lies in another file, as {@link RESHAPE_TARGET}: y is 6 x 2. */
export function reshapeBy(location: string): Uint8Array {
  const externalData = Object.entries({ location, offset: '8', length: '16' }).map(
    ([key, value]) => ({ key, value }),
  );
  return encode(
    model({
      node: [node('Reshape', ['x', 'shape'], ['y'])],
      initializer: [{ ...vector('shape', []), dims: [2], dataLocation: 1, externalData }],
      input: [value('x', [4, 3])],
      output: [{ name: 'y' }],
    }),
  );
}
export const RESHAPE_TARGET = new Uint8Array(new BigInt64Array([0n, 6n, -1n]).buffer);
