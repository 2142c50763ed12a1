import { type DataType, isJsonObject, NnMeterError, quote } from '@nnmeter/ir';

/** An exported program as its archive states it, checked. Names are those of torch's schema. */
export interface Program {
  readonly graph: GraphSource;
  /** Names of the tensors that are fed, in order. */
  readonly userInputs: readonly string[];
  /** Names of the results, without states that are written back. */
  readonly userOutputs: readonly string[];
  readonly torchVersion: string | undefined;
  readonly schemaVersion: string;
}

export interface GraphSource {
  readonly inputs: readonly Argument[];
  readonly outputs: readonly Argument[];
  readonly nodes: readonly NodeSource[];
  tensor(name: string): TensorSource | undefined;
  /** A symbolic integer by name. */
  integer(name: string): SymbolicInteger | undefined;
}

export interface NodeSource {
  /** `torch.ops.aten.conv2d.default`. */
  readonly target: string;
  readonly inputs: readonly { readonly name: string; readonly value: Argument }[];
  readonly outputs: readonly Argument[];
  /** Path of the module that runs it: `layer1.0.conv1`; empty if it is not known. */
  readonly module: string;
}

export interface TensorSource {
  readonly dataType: DataType;
  readonly sizes: readonly SymbolicInteger[];
}

/** A known integer, or an expression of symbols with the value it had when the program was exported. */
export type SymbolicInteger =
  | number
  | { readonly expression: string; readonly hint: number | undefined };

/** An argument or result. */
export type Argument =
  | { readonly kind: 'none' }
  | { readonly kind: 'tensor'; readonly name: string }
  | { readonly kind: 'tensors'; readonly names: readonly (string | undefined)[] }
  | { readonly kind: 'value'; readonly value: number | string | boolean }
  | { readonly kind: 'values'; readonly values: readonly (number | string | boolean)[] }
  | { readonly kind: 'symbol'; readonly symbol: SymbolName }
  | { readonly kind: 'symbols'; readonly symbols: readonly SymbolName[] }
  | { readonly kind: 'graph'; readonly graph: GraphSource }
  | { readonly kind: 'other' };

/** A symbolic number by name, or a number. */
export type SymbolName = number | { readonly name: string };

type Json = Readonly<Record<string, unknown>>;

/** By torch's ScalarType. */
const DATA_TYPES: Readonly<Record<number, DataType>> = {
  1: 'uint8',
  2: 'int8',
  3: 'int16',
  4: 'int32',
  5: 'int64',
  6: 'float16',
  7: 'float32',
  8: 'float64',
  10: 'complex64',
  11: 'complex128',
  12: 'bool',
  13: 'bfloat16',
  28: 'uint16',
  29: 'float8',
  30: 'float8',
  31: 'float8',
  32: 'float8',
};

/** Graphs in arguments of nodes in graphs; no exporter nests so deep. */
const MAX_DEPTH = 32;

/**
 * Checks the JSON of an exported program: all schemas from torch 2.1 (1, in which every union has all its keys) on.
 * @throws NnMeterError E_INVALID_INPUT saying what is missing or of the wrong type, where.
 */
export function parseProgram(text: string): Program {
  const program = object(parseJson(text), 'the program');
  const module = object(program.graph_module, 'graph_module');
  const graph = readGraph(module.graph, 'graph_module.graph', 0);
  const signature = object(module.signature, 'graph_module.signature');
  const version = program.schema_version;
  const { torch_version: torchVersion } = program;
  return {
    graph,
    ...readSignature(signature, graph),
    torchVersion: typeof torchVersion === 'string' ? torchVersion : undefined,
    schemaVersion: isJsonObject(version) ? `${version.major}.${version.minor}` : String(version),
  };
}

/** The data type of a ScalarType. */
export function dataTypeOf(scalarType: unknown): DataType {
  return (typeof scalarType === 'number' && DATA_TYPES[scalarType]) || 'unknown';
}

/** torch of before 2.5 writes infinite numbers as Python does, which is no JSON. */
const PYTHON_NUMBER = /([:[,]\s*)(-?Infinity|NaN)(?=\s*[,\]}])/g;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const repaired = text.replace(PYTHON_NUMBER, '$1"$2"');
    try {
      if (repaired !== text) return JSON.parse(repaired);
    } catch {}
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalid(`it is no valid JSON (${reason.slice(0, 200)})`, cause);
  }
}

function invalid(what: string, cause?: unknown): NnMeterError {
  return new NnMeterError('E_INVALID_INPUT', `the program is damaged: ${what}`, { cause });
}

function object(value: unknown, where: string): Json {
  if (isJsonObject(value)) return value;
  throw invalid(`${where} is not an object`);
}

function list(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw invalid(`${where} is not a list`);
}

function text(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  throw invalid(`${where} is not a text`);
}

function readGraph(value: unknown, where: string, depth: number): GraphSource {
  if (depth > MAX_DEPTH) throw invalid(`${where} is nested more than ${MAX_DEPTH} deep`);
  const graph = object(value, where);
  const tensors = object(graph.tensor_values, `${where}.tensor_values`);
  const integers = isJsonObject(graph.sym_int_values) ? graph.sym_int_values : {};
  const argument = (each: unknown, at: string) => readArgument(each, `${where}.${at}`, depth);
  const nodes = list(graph.nodes, `${where}.nodes`);
  return {
    inputs: list(graph.inputs, `${where}.inputs`).map((each) => argument(each, 'inputs')),
    outputs: list(graph.outputs, `${where}.outputs`).map((each) => argument(each, 'outputs')),
    nodes: nodes.map((node, index) => readNode(node, `${where}.nodes[${index}]`, depth)),
    tensor: (name) => (Object.hasOwn(tensors, name) ? readTensor(tensors[name], name) : undefined),
    integer: (name) =>
      Object.hasOwn(integers, name) ? readInteger(integers[name], quote(name)) : undefined,
  };
}

function readNode(value: unknown, where: string, depth: number): NodeSource {
  const node = object(value, where);
  const target = text(node.target, `${where}.target`);
  const inputs = list(node.inputs, `${where}.inputs`).map((each) => {
    const { name, arg } = object(each, `an input of ${where}`);
    const named = text(name, `the name of an input of ${where}`);
    return { name: named, value: readArgument(arg, `${where}, ${quote(named)}`, depth) };
  });
  const outputs = list(node.outputs, `${where}.outputs`).map((each) =>
    readArgument(each, `${where}.outputs`, depth),
  );
  const stack = isJsonObject(node.metadata) ? node.metadata.nn_module_stack : undefined;
  return { target, inputs, outputs, module: typeof stack === 'string' ? modulePath(stack) : '' };
}

/** A union: an object of which one key says what it is; in old schemas the others are there too, and null. */
function readArgument(value: unknown, where: string, depth: number): Argument {
  if (value === null) return { kind: 'none' };
  const union = object(value, where);
  for (const key in union) {
    const content = union[key];
    if (content !== null) return readUnion(key, content, where, depth);
  }
  return { kind: 'none' };
}

function readUnion(key: string, content: unknown, where: string, depth: number): Argument {
  switch (key) {
    case 'as_none':
      return { kind: 'none' };
    case 'as_tensor':
      return { kind: 'tensor', name: nameOf(content, where) };
    case 'as_tensors':
      return { kind: 'tensors', names: list(content, where).map((each) => nameOf(each, where)) };
    case 'as_optional_tensor':
      return readArgument(content, where, depth);
    case 'as_optional_tensors': {
      const names = list(content, where).map((each) => {
        const tensor = readArgument(each, where, depth);
        return tensor.kind === 'tensor' ? tensor.name : undefined;
      });
      return { kind: 'tensors', names };
    }
    case 'as_int':
      return { kind: 'value', value: integer(content, where) };
    case 'as_ints':
      return { kind: 'values', values: list(content, where).map((each) => integer(each, where)) };
    case 'as_float':
    case 'as_bool':
    case 'as_string':
    case 'as_scalar_type':
      return { kind: 'value', value: scalar(content, where) };
    case 'as_floats':
    case 'as_bools':
    case 'as_strings':
      return { kind: 'values', values: list(content, where).map((each) => scalar(each, where)) };
    case 'as_sym_int':
    case 'as_sym_float':
    case 'as_sym_bool':
      return { kind: 'symbol', symbol: symbolName(content, where) };
    case 'as_sym_ints':
    case 'as_sym_floats':
    case 'as_sym_bools':
      return {
        kind: 'symbols',
        symbols: list(content, where).map((each) => symbolName(each, where)),
      };
    case 'as_graph': {
      const { graph } = object(content, where);
      return { kind: 'graph', graph: readGraph(graph, `${where}.graph`, depth + 1) };
    }
    default:
      return { kind: 'other' };
  }
}

/** Of a tensor; in a list of optional ones old schemas have the name alone. */
function nameOf(value: unknown, where: string): string {
  const name = isJsonObject(value) ? value.name : value;
  return text(name, `the name of a tensor in ${where}`);
}

/** "To the end" is the largest integer of 64 bits. */
function integer(value: unknown, where: string): number {
  if (typeof value !== 'number') throw invalid(`an integer of ${where} is none`);
  return Math.min(Math.max(value, -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

/** Infinite numbers are texts. */
function scalar(value: unknown, where: string): number | string | boolean {
  if (value === 'Infinity' || value === '-Infinity' || value === 'NaN') return Number(value);
  if (['number', 'string', 'boolean'].includes(typeof value)) {
    return value as number | string | boolean;
  }
  throw invalid(`a value of ${where} is neither number nor text`);
}

function symbolName(value: unknown, where: string): SymbolName {
  const symbol = object(value, where);
  const known = symbol.as_int ?? symbol.as_float ?? symbol.as_bool;
  if (known !== undefined && known !== null) return Number(known);
  return { name: text(symbol.as_name, `the name of a number in ${where}`) };
}

/** Schema 1 has one more object around it. */
function readTensor(value: unknown, name: string): TensorSource {
  const where = `the tensor ${quote(name)}`;
  const outer = object(value, where);
  const meta = 'meta' in outer ? object(outer.meta, where) : outer;
  return {
    dataType: dataTypeOf(meta.dtype),
    sizes: list(meta.sizes, `the sizes of ${where}`).map((size) => readInteger(size, where)),
  };
}

function readInteger(value: unknown, where: string): SymbolicInteger {
  const { as_int: known, as_expr: expression } = object(value, `a size of ${where}`);
  if (typeof known === 'number' && Number.isSafeInteger(known)) return known;
  const { expr_str: written, hint } = object(expression, `a size of ${where}`);
  const value_ = isJsonObject(hint) ? hint.as_int : hint;
  return {
    expression: text(written, `an expression of ${where}`),
    hint: typeof value_ === 'number' && Number.isSafeInteger(value_) ? value_ : undefined,
  };
}

type Ends = Pick<Program, 'userInputs' | 'userOutputs'>;

function readSignature(signature: Json, graph: GraphSource): Ends {
  if (signature.input_specs === undefined) {
    const names = (key: string) =>
      list(signature[key], `signature.${key}`).map((name) => text(name, `signature.${key}`));
    return { userInputs: names('user_inputs'), userOutputs: names('user_outputs') };
  }
  checkInputs(signature);
  const userOf = (key: string, user: string) =>
    list(signature[key], `signature.${key}`).flatMap((each) => {
      const spec = object(each, `signature.${key}`)[user];
      if (!isJsonObject(spec)) return [];
      const found = readArgument(spec.arg, `signature.${key}`, 0);
      return found.kind === 'tensor' ? [found.name] : [];
    });
  const userOutputs = userOf('output_specs', 'user_output');
  const all = graph.outputs.flatMap((output) => (output.kind === 'tensor' ? [output.name] : []));
  return {
    userInputs: userOf('input_specs', 'user_input'),
    userOutputs: userOutputs.length > 0 ? userOutputs : all,
  };
}

/** Every input of the graph is said to be one thing: fed, a weight, or a constant. */
function checkInputs(signature: Json): void {
  const names = new Set<string>();
  for (const each of list(signature.input_specs, 'signature.input_specs')) {
    const [spec] = Object.values(object(each, 'signature.input_specs')).filter(isJsonObject);
    const argument = isJsonObject(spec?.arg) ? spec.arg : {};
    const tensor = isJsonObject(argument.as_tensor) ? argument.as_tensor : argument;
    if (typeof tensor.name !== 'string') continue;
    if (names.has(tensor.name)) throw invalid(`the signature has two inputs ${quote(tensor.name)}`);
    names.add(tensor.name);
  }
}

/** `KEY,PATH,TYPE` of every module around a node, the innermost last; torch 2.1 and 2.2 write `KEY:(PATH,TYPE)`. */
function modulePath(stack: string): string {
  const last = stack.slice(stack.lastIndexOf(';') + 1);
  const old = /^[^:]*:\((.*),[^,]*\)$/.exec(last);
  const path = old?.[1] ?? last.split(',')[1] ?? '';
  if (path.startsWith('_empty_nn_module_stack')) return '';
  return pythonPath(path);
}

/** `getattr(L['self'].stem, '0')` is `stem.0`. */
function pythonPath(path: string): string {
  let plain = path;
  for (let depth = 0; depth < MAX_DEPTH && plain.includes('getattr('); depth++) {
    plain = plain.replace(/getattr\(((?:[^()])*), '([^']*)'\)/, '$1.$2');
  }
  return plain.replace(/^L\['self'\]\.?/, '');
}
