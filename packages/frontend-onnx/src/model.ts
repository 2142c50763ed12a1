/** int64 fields: numbers from this package's decoder, `Long` objects, bigints or decimal strings from others. */
export type Int64 = number | bigint | string | { toNumber(): number };

/** Decoders leave absent fields out, or set them to null. */
export type Optional<T> = T | null | undefined;

/**
 * The in-memory form of an ONNX model: what `ModelProto.decode` of onnx-proto (or any protobufjs code generated from
 * onnx.proto) returns. Only the fields read here are listed.
 */
export interface ModelProto {
  readonly irVersion?: Optional<Int64>;
  readonly producerName?: Optional<string>;
  readonly producerVersion?: Optional<string>;
  readonly graph?: Optional<GraphProto>;
  readonly opsetImport?: Optional<readonly OperatorSetIdProto[]>;
  readonly functions?: Optional<readonly FunctionProto[]>;
}

export interface OperatorSetIdProto {
  readonly domain?: Optional<string>;
  readonly version?: Optional<Int64>;
}

export interface GraphProto {
  readonly node?: Optional<readonly NodeProto[]>;
  readonly name?: Optional<string>;
  readonly initializer?: Optional<readonly TensorProto[]>;
  readonly sparseInitializer?: Optional<readonly SparseTensorProto[]>;
  readonly input?: Optional<readonly ValueInfoProto[]>;
  readonly output?: Optional<readonly ValueInfoProto[]>;
  readonly valueInfo?: Optional<readonly ValueInfoProto[]>;
}

export interface NodeProto {
  readonly input?: Optional<readonly string[]>;
  readonly output?: Optional<readonly string[]>;
  readonly name?: Optional<string>;
  readonly opType?: Optional<string>;
  readonly attribute?: Optional<readonly AttributeProto[]>;
  readonly domain?: Optional<string>;
  readonly overload?: Optional<string>;
  readonly metadataProps?: Optional<readonly StringStringEntryProto[]>;
}

export interface AttributeProto {
  readonly name?: Optional<string>;
  readonly f?: Optional<number>;
  readonly i?: Optional<Int64>;
  readonly s?: Optional<Uint8Array>;
  readonly t?: Optional<TensorProto>;
  readonly g?: Optional<GraphProto>;
  readonly floats?: Optional<readonly number[]>;
  readonly ints?: Optional<readonly Int64[]>;
  readonly strings?: Optional<readonly Uint8Array[]>;
  readonly type?: Optional<number>;
  readonly refAttrName?: Optional<string>;
  readonly sparseTensor?: Optional<SparseTensorProto>;
}

/** Payload fields hold undecoded bytes when read by this package, numbers when read by other libraries. */
export interface TensorProto {
  readonly dims?: Optional<readonly Int64[]>;
  readonly dataType?: Optional<number>;
  readonly name?: Optional<string>;
  readonly rawData?: Optional<Uint8Array>;
  readonly floatData?: Optional<Uint8Array | readonly number[]>;
  readonly doubleData?: Optional<Uint8Array | readonly number[]>;
  readonly int32Data?: Optional<Uint8Array | readonly number[]>;
  readonly int64Data?: Optional<Uint8Array | readonly Int64[]>;
  readonly uint64Data?: Optional<Uint8Array | readonly Int64[]>;
  readonly externalData?: Optional<readonly StringStringEntryProto[]>;
  readonly dataLocation?: Optional<number>;
}

export interface SparseTensorProto {
  readonly values?: Optional<TensorProto>;
  readonly dims?: Optional<readonly Int64[]>;
}

export interface StringStringEntryProto {
  readonly key?: Optional<string>;
  readonly value?: Optional<string>;
}

export interface ValueInfoProto {
  readonly name?: Optional<string>;
  readonly type?: Optional<TypeProto>;
}

export interface TypeProto {
  readonly tensorType?: Optional<{
    readonly elemType?: Optional<number>;
    readonly shape?: Optional<TensorShapeProto>;
  }>;
}

export interface TensorShapeProto {
  readonly dim?: Optional<readonly DimensionProto[]>;
}

export interface DimensionProto {
  readonly dimValue?: Optional<Int64>;
  readonly dimParam?: Optional<string>;
}

export interface FunctionProto {
  readonly name?: Optional<string>;
  readonly domain?: Optional<string>;
  readonly overload?: Optional<string>;
  readonly input?: Optional<readonly string[]>;
  readonly output?: Optional<readonly string[]>;
  readonly attribute?: Optional<readonly string[]>;
  readonly attributeProto?: Optional<readonly AttributeProto[]>;
  readonly node?: Optional<readonly NodeProto[]>;
  readonly opsetImport?: Optional<readonly OperatorSetIdProto[]>;
}

/** The number of an int64 field; beyond 2^53 the nearest one. */
export function toNumber(value: Optional<Int64>): number {
  if (typeof value === 'number') return value;
  return typeof value === 'object' && value !== null ? value.toNumber() : Number(value ?? 0);
}
