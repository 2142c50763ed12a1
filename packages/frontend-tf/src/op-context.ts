import {
  type Assumptions,
  type DataType,
  NnMeterError,
  quote,
  type Shape,
  type Tensor,
} from '@nnmeter/ir';
import type { Attributes } from './attributes.ts';
import type { TfNode } from './flatten.ts';
import type { OpContext } from './ops/rule.ts';
import { dataTypeOf, partialShape } from './tensor-value.ts';
import type { AttrValue } from './wire-types.ts';

/** Thrown where an input's shape or value is not known; the node then stays in the graph without a shape. */
export class NotKnown extends Error {}

const decoder = new TextDecoder();
const COMPARISONS = new Set(
  'Equal NotEqual Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr LogicalNot All Any'.split(
    ' ',
  ),
);

export class NodeContext implements OpContext {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly Tensor[];
  readonly assumptions: Assumptions;
  readonly #attributes: Attributes;

  constructor(node: TfNode, inputs: readonly Tensor[], assumptions: Assumptions) {
    this.name = node.name;
    this.op = node.op;
    this.inputs = inputs;
    this.assumptions = assumptions;
    this.#attributes = node.attributes;
  }

  #input(index: number): Tensor {
    const tensor = this.inputs[index];
    if (tensor === undefined) {
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `it has ${this.inputs.length} inputs and needs ${index + 1}`,
      );
    }
    return tensor;
  }

  shape(index: number): Shape {
    const { name, shape } = this.#input(index);
    if (shape === undefined) throw new NotKnown(`the shape of ${quote(name)} is not known`);
    return shape;
  }

  values(index: number): readonly number[] {
    const { name, values } = this.#input(index);
    if (values === undefined) throw new NotKnown(`${quote(name)} is computed from data`);
    return values;
  }

  value(index: number): number {
    const [value] = this.values(index);
    if (value !== undefined) return value;
    const { name } = this.#input(index);
    throw new NnMeterError('E_INVALID_GRAPH', `its input ${quote(name)} holds no number`);
  }

  attribute(name: string): AttrValue | undefined {
    return this.#attributes.get(name);
  }

  text(name: string, fallback: string): string {
    const bytes = this.#attributes.get(name)?.s;
    return bytes === null || bytes === undefined || bytes.length === 0
      ? fallback
      : decoder.decode(bytes);
  }

  integer(name: string, fallback: number): number {
    return this.#attributes.get(name)?.i ?? fallback;
  }

  flag(name: string, fallback = false): boolean {
    return this.#attributes.get(name)?.b ?? fallback;
  }

  integers(name: string): readonly number[] {
    return this.#attributes.get(name)?.list?.i ?? [];
  }

  /** The shape of a result as the file states it, -1 for open extents. */
  statedShape(slot: number): readonly number[] | undefined {
    return partialShape(this.#attributes.get('_output_shapes')?.list?.shape?.[slot]);
  }

  get outputType(): DataType {
    if (COMPARISONS.has(this.op)) return 'bool';
    for (const name of ['DstT', 'out_type', 'output_type', 'T', 'dtype', 'Tparams']) {
      const type = this.#attributes.get(name)?.type;
      if (typeof type === 'number' && type > 0) return dataTypeOf(type);
    }
    return this.inputs[0]?.dataType ?? 'unknown';
  }
}
