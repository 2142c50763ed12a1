import {
  createGraph,
  type DataType,
  type Graph,
  type Layout,
  type Node,
  type Op,
  type OpAttributes,
  type Shape,
  type Tensor,
} from '@nnmeter/ir';

/** A tensor of the network under construction. */
export interface Value {
  readonly name: string;
  readonly shape: Shape;
  readonly layout?: Layout | undefined;
}

/** What a node computes: shapes are the caller's business, see shape-rules of `@nnmeter/ir`. */
export interface NodeDraft<O extends Op> {
  readonly name: string;
  readonly op: O;
  readonly sourceOp: string;
  readonly inputs: readonly Value[];
  readonly attributes: OpAttributes[O];
}

interface OpenNode extends Omit<NodeDraft<Op>, 'inputs'> {
  readonly inputs: string[];
  readonly outputs: string[];
}

/** Collects tensors and nodes in execution order; `finish` makes the graph. All activations are float32. */
export class NetworkWriter {
  readonly #tensors: Tensor[] = [];
  readonly #nodes: OpenNode[] = [];
  readonly #inputs: string[] = [];

  input(name: string, shape: Shape, layout?: Layout): Value {
    this.#inputs.push(name);
    return this.#tensor({ name, kind: 'input', shape, layout });
  }

  /** A weight, or with `values` a small constant whose values matter. */
  constant(
    name: string,
    shape: Shape,
    options: { layout?: Layout; values?: readonly number[]; dataType?: DataType } = {},
  ): Value {
    return this.#tensor({ name, kind: 'constant', shape, ...options });
  }

  /** Appends a node with one output, named as the node. */
  node<O extends Op>(draft: NodeDraft<O>, shape: Shape, layout?: Layout): Value {
    return this.nodeWithOutputs(draft, [draft.name], [shape], layout)[0]!;
  }

  nodeWithOutputs<O extends Op>(
    draft: NodeDraft<O>,
    names: readonly string[],
    shapes: readonly Shape[],
    layout?: Layout,
  ): Value[] {
    this.#nodes.push({
      ...draft,
      inputs: draft.inputs.map((input) => input.name),
      outputs: [...names],
    });
    return names.map((name, index) =>
      this.#tensor({ name, kind: 'activation', shape: shapes[index]!, layout }),
    );
  }

  /** Adds one more input to a node that exists already: a convolution's bias. */
  appendInput(nodeName: string, input: Value): void {
    this.#nodes.find((node) => node.name === nodeName)!.inputs.push(input.name);
  }

  finish(name: string, outputs: readonly Value[], metadata: Record<string, string>): Graph {
    return createGraph({
      name,
      nodes: this.#nodes as readonly OpenNode[] as readonly Node[],
      tensors: this.#tensors,
      inputs: this.#inputs,
      outputs: outputs.map((output) => output.name),
      metadata,
    });
  }

  #tensor(
    description: Omit<Tensor, 'dataType' | 'layout'> & {
      shape: Shape;
      layout?: Layout | undefined;
      dataType?: DataType;
    },
  ): Value {
    const { layout, dataType = 'float32', ...rest } = description;
    this.#tensors.push({ ...rest, dataType, ...(layout === undefined ? {} : { layout }) });
    return { name: rest.name, shape: rest.shape, layout };
  }
}
