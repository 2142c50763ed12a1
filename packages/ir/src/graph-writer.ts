import { createGraph } from './create-graph.ts';
import { locateErrors, NnMeterError, quote } from './errors.ts';
import type { Graph } from './graph.ts';
import { inferOutputShapes, type Operation } from './infer-shapes.ts';
import type { Node } from './node.ts';
import { type Op, type OpAttributes, onnxOpName, opRow } from './ops.ts';
import {
  type DataType,
  isDataType,
  type Layout,
  type Shape,
  type ShapedTensor,
  type Tensor,
} from './tensor.ts';

/** What every op takes. */
export interface NodeOptions {
  /** Default: the op and a running number, `conv_1`. */
  readonly name?: string;
  /** Default: the op's name in ONNX. */
  readonly sourceOp?: string;
}

/**
 * Collects tensors and nodes in execution order, with inferred shapes; {@link GraphBuilder} adds a method an op.
 */
export class GraphWriter {
  readonly name: string;
  readonly dataType: DataType;
  readonly #tensors = new Map<string, ShapedTensor>();
  readonly #nodes: Node[] = [];
  readonly #inputs: string[] = [];
  readonly #counters = new Map<string, number>();

  constructor(name: string, dataType: DataType = 'float32') {
    this.name = name;
    this.dataType = dataType;
  }

  /** An input of the network. */
  input(name: string, shape: Shape, layout?: Layout): ShapedTensor {
    this.#inputs.push(name);
    return this.#add(name, 'input', shape, { layout });
  }

  /** A weight or other constant; `values` only for the few whose values matter. */
  constant(
    name: string,
    shape: Shape,
    options: {
      readonly layout?: Layout | undefined;
      readonly dataType?: DataType;
      readonly values?: readonly number[];
    } = {},
  ): ShapedTensor {
    return this.#add(name, 'constant', shape, options);
  }

  /**
   * Adds a node of any canonical op; its results are named as the node, `:1`, `:2` following.
   * @param name where it was chosen before, for the node's constants
   * @throws NnMeterError E_SHAPE if the operands do not fit, or if the op needs `outputShapes` (resize, gather, tile,
   * custom, ...) and has none.
   */
  node<O extends Op>(
    op: O,
    attributes: OpAttributes[O],
    inputs: readonly ShapedTensor[],
    options: NodeOptions & {
      readonly outputShapes?: readonly Shape[];
      /** Of results that would have none. */
      readonly layout?: Layout;
    } = {},
    name: string = options.name ?? this.uniqueName(op),
  ): ShapedTensor[] {
    const operation = { op, attributes } as Operation;
    const layoutOf = (shape: Shape) =>
      shape.length === inputs[0]?.shape.length ? inputs[0].layout : undefined;
    const results =
      options.outputShapes?.map((shape) => ({ shape, layout: layoutOf(shape) })) ??
      infer(name, operation, inputs);
    const outputs = results.map(({ shape, layout }, index) =>
      this.#add(index === 0 ? name : `${name}:${index}`, 'activation', shape, {
        layout: layout ?? options.layout,
        dataType: this.#resultType(operation),
      }),
    );
    this.#nodes.push({
      name,
      op,
      attributes,
      inputs: inputs.map((input) => input.name),
      outputs: outputs.map((output) => output.name),
      sourceOp: options.sourceOp ?? onnxOpName(op),
    } as Node);
    return outputs;
  }

  #resultType({ op, attributes }: Operation): DataType {
    if (op === 'cast' && isDataType(attributes.to)) return attributes.to;
    return opRow(op).resultType ?? this.dataType;
  }

  /** `prefix_1`, `prefix_2`, ...: a name nothing has yet. */
  uniqueName(prefix: string): string {
    let name: string;
    do {
      const count = (this.#counters.get(prefix) ?? 0) + 1;
      this.#counters.set(prefix, count);
      name = `${prefix}_${count}`;
    } while (this.#tensors.has(name));
    return name;
  }

  /** The finished network; its results are the given tensors, or all that nothing reads. */
  build(...outputs: readonly Tensor[]): Graph {
    return createGraph({
      name: this.name,
      nodes: this.#nodes,
      tensors: this.#tensors.values(),
      inputs: this.#inputs,
      outputs: outputs.length === 0 ? this.#unread() : outputs.map((output) => output.name),
    });
  }

  #unread(): string[] {
    const read = new Set(this.#nodes.flatMap((node) => node.inputs));
    return this.#nodes.flatMap((node) => node.outputs).filter((name) => !read.has(name));
  }

  #add(
    name: string,
    kind: Tensor['kind'],
    shape: Shape,
    options: {
      readonly layout?: Layout | undefined;
      readonly dataType?: DataType;
      readonly values?: readonly number[];
    },
  ): ShapedTensor {
    if (this.#tensors.has(name)) {
      throw new NnMeterError('E_INVALID_GRAPH', `two tensors are named ${quote(name)}`);
    }
    const { layout, dataType = this.dataType, values } = options;
    // Literals: with spreads, networks of a search take a sixth longer to build and predict.
    const known: ShapedTensor =
      layout === undefined
        ? { name, kind, dataType, shape }
        : { name, kind, dataType, shape, layout };
    const tensor = values === undefined ? known : { ...known, values };
    this.#tensors.set(name, tensor);
    return tensor;
  }
}

function infer(name: string, operation: Operation, inputs: readonly ShapedTensor[]) {
  return locateErrors(
    () => ({ node: name, op: operation.op }),
    () => {
      const results = inferOutputShapes(operation, inputs);
      if (results !== undefined) return results;
      throw new NnMeterError('E_SHAPE', 'its shapes cannot be inferred; give outputShapes');
    },
  );
}
