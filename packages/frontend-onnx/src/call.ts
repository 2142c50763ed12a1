import {
  type Assumptions,
  type DataType,
  NnMeterError,
  normalizeAxis,
  quote,
  type Shape,
} from '@nnmeter/ir';
import protobuf from 'protobufjs/minimal.js';
import type { Entry } from './entry.ts';
import { type AttributeProto, type GraphProto, type TensorProto, toNumber } from './model.ts';
import { attributesByName, type NodeForm } from './node-form.ts';

/** Longest text an op understands: modes and equations are short. */
const MAX_TEXT = 4096;

/** One node with its resolved inputs: what a rule sees. */
export class Call {
  readonly form: NodeForm;
  readonly opset: number;
  readonly inputs: readonly (Entry | undefined)[];
  readonly outputCount: number;
  /** Whether more was looked at than the forms of the inputs, so that the outcome does not hold for all of these forms. */
  isParticular = false;
  readonly #name: () => string;
  readonly #arguments: ReadonlyMap<string, AttributeProto> | undefined;
  readonly #assumptions: Assumptions;
  #attributes: ReadonlyMap<string, AttributeProto> | undefined;

  constructor(facts: {
    readonly form: NodeForm;
    readonly name: () => string;
    readonly opset: number;
    readonly inputs: readonly (Entry | undefined)[];
    readonly outputCount: number;
    /** Arguments of the function this node belongs to, for attributes that refer to them. */
    readonly arguments: ReadonlyMap<string, AttributeProto> | undefined;
    readonly assumptions: Assumptions;
  }) {
    this.form = facts.form;
    this.opset = facts.opset;
    this.inputs = facts.inputs;
    this.outputCount = facts.outputCount;
    this.#name = facts.name;
    this.#arguments = facts.arguments;
    this.#assumptions = facts.assumptions;
  }

  get name(): string {
    return this.#name();
  }

  get type(): string {
    return this.form.type;
  }

  get domain(): string {
    return this.form.domain;
  }

  /** How messages call it: `node "conv1" (Conv)`. */
  get label(): string {
    return `node ${quote(this.name)} (${quote(this.type).slice(1, -1)})`;
  }

  /** The input, which must be there. */
  input(index: number): Entry {
    const entry = this.inputs[index];
    if (entry === undefined) {
      throw new NnMeterError('E_INVALID_GRAPH', `its input ${index} is missing`);
    }
    return entry;
  }

  has(index: number): boolean {
    return this.inputs[index] !== undefined;
  }

  /** @throws Unknown if the shape is not known. */
  shape(index: number): Shape {
    return this.input(index).requireShape();
  }

  /** Shapes of all inputs that are there. */
  shapes(): readonly Shape[] {
    return this.inputs.flatMap((entry) => (entry === undefined ? [] : [entry.requireShape()]));
  }

  /** @throws Unknown if the values are not known. */
  values(index: number): readonly number[] {
    this.isParticular = true;
    return this.input(index).requireValues();
  }

  /** What to go on with where only data decide; every node that needs it asks for itself. */
  get assumptions(): Assumptions {
    this.isParticular = true;
    return this.#assumptions;
  }

  /** What is known of an integer or a short list of them, NaN where it is computed from data. @throws Unknown if nothing is */
  knownElements(index: number): readonly number[] {
    this.isParticular = true;
    const input = this.input(index);
    return input.knownElements ?? input.requireValues();
  }

  /** The values, if they are known. */
  knownValues(index: number): readonly number[] | undefined {
    this.isParticular = true;
    return this.inputs[index]?.values;
  }

  /** The one value of a scalar or one-element input. */
  scalar(index: number): number {
    const [value] = this.values(index);
    if (value === undefined) {
      throw new NnMeterError(
        'E_SHAPE',
        `its input ${index} ${quote(this.input(index).name)} is empty`,
      );
    }
    return value;
  }

  dataType(index: number): DataType {
    return this.inputs[index]?.dataType ?? 'unknown';
  }

  isConstant(index: number): boolean {
    return this.inputs[index]?.kind === 'constant';
  }

  attribute(name: string): AttributeProto | undefined {
    return this.#byName.get(name);
  }

  get attributes(): Iterable<AttributeProto> {
    return this.#byName.values();
  }

  get #byName(): ReadonlyMap<string, AttributeProto> {
    this.#attributes ??= this.form.hasArguments
      ? attributesByName(this.form.attributes, this.#arguments)
      : this.form.attributesByName;
    return this.#attributes;
  }

  int(name: string, otherwise: number): number {
    const attribute = this.attribute(name);
    return attribute === undefined ? otherwise : toNumber(attribute.i);
  }

  requireInt(name: string): number {
    if (this.attribute(name) === undefined) throw missingAttribute(name);
    return this.int(name, 0);
  }

  float(name: string, otherwise: number): number {
    const attribute = this.attribute(name);
    return attribute === undefined ? otherwise : (attribute.f ?? 0);
  }

  string(name: string, otherwise: string): string {
    const bytes = this.attribute(name)?.s;
    if (bytes != null && bytes.length > MAX_TEXT) {
      throw new NnMeterError(
        'E_LIMIT',
        `its attribute "${name}" is a text of ${bytes.length} bytes; at most ${MAX_TEXT} are read`,
      );
    }
    return bytes == null ? otherwise : protobuf.util.utf8.read(bytes, 0, bytes.length);
  }

  ints(name: string): readonly number[] | undefined {
    const attribute = this.attribute(name);
    return attribute === undefined ? undefined : (attribute.ints ?? []).map(toNumber);
  }

  floats(name: string): readonly number[] | undefined {
    const attribute = this.attribute(name);
    return attribute === undefined ? undefined : (attribute.floats ?? []);
  }

  requireInts(name: string): readonly number[] {
    const ints = this.ints(name);
    if (ints === undefined) throw missingAttribute(name);
    return ints;
  }

  /** Integers that are an attribute in older opsets and an input in newer ones. */
  intsOrInput(name: string, index: number): readonly number[] | undefined {
    return this.has(index) ? this.values(index) : this.ints(name);
  }

  tensor(name: string): TensorProto | undefined {
    return this.attribute(name)?.t ?? undefined;
  }

  graph(name: string): GraphProto {
    const graph = this.attribute(name)?.g;
    if (graph == null) throw missingAttribute(name);
    return graph;
  }

  /** An axis attribute, made non-negative for the rank of an input. */
  axis(rank: number, otherwise: number, name = 'axis'): number {
    return normalizeAxis(this.int(name, otherwise), rank);
  }
}

function missingAttribute(name: string): NnMeterError {
  return new NnMeterError('E_INVALID_GRAPH', `its attribute "${name}" is missing`);
}
