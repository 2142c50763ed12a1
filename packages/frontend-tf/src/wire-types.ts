/** The decoded messages of proto/tensorflow.proto; absent fields are null. */
type Optional<T> = T | null | undefined;

export interface SavedModel {
  readonly metaGraphs?: Optional<readonly MetaGraphDef[]>;
}

export interface MetaGraphDef {
  readonly metaInfoDef?: Optional<{
    readonly tags?: Optional<readonly string[]>;
    readonly tensorflowVersion?: Optional<string>;
  }>;
  readonly graphDef?: Optional<GraphDef>;
  readonly signatureDef?: Optional<
    readonly { readonly key?: Optional<string>; readonly value?: Optional<SignatureDef> }[]
  >;
}

export interface SignatureDef {
  readonly inputs?: Optional<readonly TensorInfoEntry[]>;
  readonly outputs?: Optional<readonly TensorInfoEntry[]>;
}

export interface TensorInfoEntry {
  readonly key?: Optional<string>;
  readonly value?: Optional<{ readonly name?: Optional<string> }>;
}

export interface GraphDef {
  readonly node?: Optional<readonly NodeDef[]>;
  readonly library?: Optional<{ readonly function?: Optional<readonly FunctionDef[]> }>;
}

export interface FunctionDef {
  readonly signature?: Optional<{
    readonly name?: Optional<string>;
    readonly inputArg?: Optional<readonly { readonly name?: Optional<string> }[]>;
    readonly outputArg?: Optional<readonly { readonly name?: Optional<string> }[]>;
  }>;
  readonly nodeDef?: Optional<readonly NodeDef[]>;
  readonly ret?: Optional<
    readonly { readonly key?: Optional<string>; readonly value?: Optional<string> }[]
  >;
}

export interface NodeDef {
  readonly name?: Optional<string>;
  readonly op?: Optional<string>;
  readonly input?: Optional<readonly string[]>;
  readonly attr?: Optional<readonly AttrEntry[]>;
}

export interface AttrEntry {
  readonly key?: Optional<string>;
  readonly value?: Optional<AttrValue>;
}

export interface AttrValue {
  readonly list?: Optional<{
    readonly s?: Optional<readonly Uint8Array[]>;
    readonly i?: Optional<readonly number[]>;
    readonly f?: Optional<readonly number[]>;
    readonly shape?: Optional<readonly TensorShapeProto[]>;
    readonly func?: Optional<readonly { readonly name?: Optional<string> }[]>;
  }>;
  readonly s?: Optional<Uint8Array>;
  readonly i?: Optional<number>;
  readonly f?: Optional<number>;
  readonly b?: Optional<boolean>;
  readonly type?: Optional<number>;
  readonly shape?: Optional<TensorShapeProto>;
  readonly tensor?: Optional<TensorProto>;
  readonly func?: Optional<{ readonly name?: Optional<string> }>;
}

export interface TensorShapeProto {
  readonly dim?: Optional<readonly { readonly size?: Optional<number> }[]>;
  readonly unknownRank?: Optional<boolean>;
}

export interface TensorProto {
  readonly dtype?: Optional<number>;
  readonly tensorShape?: Optional<TensorShapeProto>;
  readonly tensorContent?: Optional<Uint8Array>;
  readonly floatVal?: Optional<Uint8Array>;
  readonly doubleVal?: Optional<Uint8Array>;
  readonly intVal?: Optional<Uint8Array>;
  readonly int64Val?: Optional<Uint8Array>;
  readonly boolVal?: Optional<Uint8Array>;
  readonly halfVal?: Optional<Uint8Array>;
}
