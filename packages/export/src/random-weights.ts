import { elementCount, type Graph, macsOfNodes, type Node, opRow, type Shape } from '@nnmeter/ir';
import { type AxisOrder, placesInOrder } from './axis-order.ts';

/**
 * What a weight does with the data, which says how large it may be: it is added, multiplied element by element, or its
 * products with `fanIn` elements are summed.
 */
export type WeightRole = 'shift' | 'factor' | { readonly fanIn: number };

/** Between 1, with which activations fade behind rectifiers, and 2 (He et al. 2015), with which residual sums grow. */
const GAIN = 1.5;
const SHIFT = 0.1;
const FACTOR = 0.2;

/** Operands of normalizations, by slot. */
const NORMALIZATION: readonly WeightRole[] = ['shift', 'factor', 'shift', 'shift', 'factor'];

/**
 * Random weights for the constants that graphs keep no values of. A value follows from the seed, the constant's name and
 * the place in it alone, so that the same network has the same weights in every format and on every machine; they are of
 * such a size that activations neither fade nor overflow.
 */
export class RandomWeights {
  readonly #graph: Graph;
  readonly #seed: number;
  readonly #positions: ReadonlyMap<Node, number>;

  constructor(graph: Graph, seed = 0) {
    this.#graph = graph;
    this.#seed = seed;
    this.#positions = new Map(graph.nodes.map((node, position) => [node, position]));
  }

  /** What a constant of the graph does, by the first node that reads it. */
  roleOf(name: string): WeightRole {
    const [node] = this.#graph.consumers(name);
    return node === undefined ? 'shift' : this.#roleAt(node, node.inputs.indexOf(name));
  }

  /** The values of a weight of that shape, with its axes in the order given. */
  values(name: string, role: WeightRole, shape: Shape, order?: AxisOrder): Float32Array {
    const [center, amplitude] = rangeOf(role);
    const start = hash(name, this.#seed);
    const values = new Float32Array(elementCount(shape));
    const places = order && placesInOrder(shape, order);
    for (let at = 0; at < values.length; at++)
      values[at] = center + amplitude * uniform(start, places?.[at] ?? at);
    return values;
  }

  #roleAt(node: Node, slot: number): WeightRole {
    const { weighted, cost, elementwise } = opRow(node.op);
    if (weighted && slot > 1) return 'shift';
    if (weighted || cost === 'matmul') return { fanIn: this.#productsOf(node) };
    if (cost === 'recurrent') {
      return { fanIn: this.#graph.tensor(node.inputs[slot]!).shape?.at(-1) ?? 1 };
    }
    if (cost === 'bn' || cost === 'normalization') return NORMALIZATION[slot] ?? 'shift';
    const adds = ['add', 'sub', 'max', 'min', 'prelu'].includes(node.op);
    return elementwise && !adds ? 'factor' : 'shift';
  }

  /** How many products each element of a node's result is the sum of. */
  #productsOf(node: Node): number {
    const macs = macsOfNodes(this.#graph)[this.#positions.get(node)!]!;
    const { shape } = this.#graph.tensor(node.outputs[0]!);
    return Math.max(1, macs / elementCount(shape ?? [])) || 1;
  }
}

/** Uniform between center - amplitude and center + amplitude. */
function rangeOf(role: WeightRole): readonly [center: number, amplitude: number] {
  if (role === 'shift') return [0, SHIFT];
  if (role === 'factor') return [1, FACTOR];
  return [0, Math.sqrt((3 * GAIN) / role.fanIn)];
}

/** FNV-1a over the characters. */
function hash(name: string, seed: number): number {
  let state = 0x811c9dc5 ^ seed;
  for (let at = 0; at < name.length; at++) {
    state = Math.imul(state ^ name.charCodeAt(at), 0x01000193);
  }
  return state;
}

/** A number in [-1, 1) that follows from a start and a place: the finalizer of MurmurHash3. */
function uniform(start: number, place: number): number {
  let bits = (start + Math.imul(place, 0x9e3779b9)) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) | 0) / 2 ** 31;
}
