import { NnMeterError, quote } from '@nnmeter/ir';
import type { GraphProto, TensorProto } from './model.ts';

/** A constant stored with the graph. A sparse one has dims of its own; its values are not used. */
export interface Initializer {
  readonly tensor: TensorProto;
  readonly dims: TensorProto['dims'];
  readonly isSparse: boolean;
}

/** The constants of a graph that nothing has asked for yet: a model may have millions, of which few matter. */
export class Initializers {
  readonly #waiting = new Map<string, Initializer>();

  /** @throws NnMeterError E_INVALID_GRAPH if two have the same name. */
  constructor(graph: GraphProto) {
    for (const tensor of graph.initializer ?? []) {
      this.#add({ tensor, dims: tensor.dims, isSparse: false });
    }
    for (const { values, dims } of graph.sparseInitializer ?? []) {
      if (values != null) this.#add({ tensor: values, dims, isSparse: true });
    }
  }

  #add(initializer: Initializer): void {
    const name = initializer.tensor.name ?? '';
    if (this.#waiting.has(name)) throw twoTensors(name);
    this.#waiting.set(name, initializer);
  }

  has(name: string): boolean {
    return this.#waiting.has(name);
  }

  /** Hands out an initializer, once. */
  take(name: string): Initializer | undefined {
    const initializer = this.#waiting.get(name);
    if (initializer !== undefined) this.#waiting.delete(name);
    return initializer;
  }

  get names(): readonly string[] {
    return [...this.#waiting.keys()];
  }
}

export function twoTensors(name: string): NnMeterError {
  return new NnMeterError(
    'E_INVALID_GRAPH',
    `the ONNX graph is not valid: two tensors are named ${quote(name)}`,
  );
}
