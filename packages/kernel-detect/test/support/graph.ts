import {
  createGraph,
  type Graph,
  type Node,
  type Op,
  type OpAttributes,
  type Shape,
  type Tensor,
} from '@nnmeter/ir';

/** A tensor name with a shape, or one computed before. */
type Operand = string;

/** Writes small graphs: every method adds a node of one output and returns the output's name. */
export class GraphBuilder {
  readonly #nodes: Node[] = [];
  readonly #tensors = new Map<string, Tensor>();
  readonly #inputs: string[] = [];
  readonly #outputs: string[] = [];

  input(name: string, shape: Shape = [1, 16, 8, 8]): Operand {
    this.#inputs.push(name);
    this.#tensors.set(name, { name, kind: 'input', dataType: 'float32', shape, ...image(shape) });
    return name;
  }

  constant(name: string, shape: Shape, values?: readonly number[]): Operand {
    this.#tensors.set(name, {
      name,
      kind: 'constant',
      dataType: 'float32',
      shape,
      ...(values && { values }),
    });
    return name;
  }

  scalar(value: number): Operand {
    return this.constant(`constant${this.#tensors.size}`, [], [value]);
  }

  node<O extends Op>(
    op: O,
    inputs: readonly Operand[],
    options: { attributes?: OpAttributes[O]; shape?: Shape; name?: string; sourceOp?: string } = {},
  ): Operand {
    const name = options.name ?? `${op}_${this.#nodes.length}`;
    const output = `${name}:0`;
    const first = this.#tensors.get(inputs[0]!);
    const shape = options.shape ?? first?.shape ?? [];
    this.#tensors.set(output, {
      name: output,
      kind: 'activation',
      dataType: 'float32',
      shape,
      ...image(shape),
    });
    this.#nodes.push({
      name,
      op,
      attributes: options.attributes ?? {},
      inputs,
      outputs: [output],
      sourceOp: options.sourceOp ?? op,
    } as Node);
    return output;
  }

  conv(input: Operand, options: { kernel?: number; shape?: Shape; name?: string } = {}): Operand {
    const kernel = options.kernel ?? 3;
    return this.node(
      'conv',
      [input, this.constant(`w${this.#tensors.size}`, [16, 16, kernel, kernel])],
      {
        attributes: {
          kernelShape: [kernel, kernel],
          strides: [1, 1],
          pads: [1, 1, 1, 1],
          dilations: [1, 1],
          group: 1,
        },
        ...(options.shape && { shape: options.shape }),
        ...(options.name && { name: options.name }),
      },
    );
  }

  relu6(input: Operand): Operand {
    return this.node('relu', [input], { attributes: { max: 6 } });
  }

  result(...outputs: Operand[]): this {
    this.#outputs.push(...outputs);
    return this;
  }

  build(name = 'test'): Graph {
    return createGraph({
      name,
      nodes: this.#nodes,
      tensors: this.#tensors.values(),
      inputs: this.#inputs,
      outputs: this.#outputs,
    });
  }
}

function image(shape: Shape): { layout?: 'NCHW' } {
  return shape.length === 4 ? { layout: 'NCHW' } : {};
}
