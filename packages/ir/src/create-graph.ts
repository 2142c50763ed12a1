import { NnMeterError, quote } from './errors.ts';
import { Graph, type GraphEdges, type GraphSpecification } from './graph.ts';
import type { Node } from './node.ts';
import { elementCount, type Shape, type Tensor } from './tensor.ts';

const NONE = -1;

/**
 * Checks a network and puts its nodes in topological order, in time linear in nodes and edges.
 * @throws NnMeterError E_INVALID_GRAPH naming the culprit: a duplicate node or tensor name, a tensor computed twice,
 * an input or output that does not exist, a shape that is not non-negative integers, a cycle.
 */
export function createGraph(specification: GraphSpecification): Graph {
  const tensors = [...specification.tensors];
  const tensorIds = numberTensors(specification, tensors);
  const unsorted = {
    tensors,
    tensorIds,
    producers: new Int32Array(tensors.length).fill(NONE),
    ...makeSlots(specification.nodes),
  };
  indexProducers(specification, unsorted);
  const order = sortTopologically(specification, unsorted);
  for (const list of [specification.inputs, specification.outputs]) {
    for (const name of list) {
      if (!tensorIds.has(name)) {
        throw invalid(
          specification,
          `its ${list === specification.inputs ? 'input' : 'output'} ${quote(name)} is not a tensor of the graph`,
        );
      }
    }
  }
  const nodes = Array.from(order, (node) => specification.nodes[node]!);
  const results = Int32Array.from(specification.outputs, (name) => tensorIds.get(name)!);
  const edges = { ...sortEdges(unsorted, order), results };
  return new Graph(specification, { tensorIds, edges }, nodes);
}

function invalid(specification: GraphSpecification, what: string): NnMeterError {
  return new NnMeterError(
    'E_INVALID_GRAPH',
    `graph ${quote(specification.name)} is not valid: ${what}`,
  );
}

/** Their positions by name. */
function numberTensors(
  specification: GraphSpecification,
  tensors: readonly Tensor[],
): Map<string, number> {
  const ids = new Map<string, number>();
  /** Tensors often share their shapes. */
  let checked: Shape | undefined;
  for (const { name, shape } of tensors) {
    if (name === '') throw invalid(specification, 'a tensor has an empty name');
    const id = ids.size;
    ids.set(name, id);
    if (ids.size === id) throw invalid(specification, `two tensors are named ${quote(name)}`);
    if (shape === undefined || shape === checked) continue;
    checkShape(specification, name, shape);
    checked = shape;
  }
  return ids;
}

function checkShape(specification: GraphSpecification, name: string, shape: Shape): void {
  for (const dimension of shape) {
    if (Number.isSafeInteger(dimension) && dimension >= 0) continue;
    throw invalid(
      specification,
      `tensor ${quote(name)} has the shape [${shape.join(', ')}]; dimensions must be integers from 0 to 2^53 - 1`,
    );
  }
  if (elementCount(shape) > Number.MAX_SAFE_INTEGER) {
    throw invalid(
      specification,
      `tensor ${quote(name)} of shape [${shape.join(', ')}] has more than 2^53 elements`,
    );
  }
}

/** The edges of nodes in the order of the source. */
interface UnsortedEdges extends Omit<GraphEdges, 'consumers' | 'consumerStart' | 'results'> {
  readonly tensorIds: ReadonlyMap<string, number>;
}

/** Room for the tensors that nodes read and compute, which are looked up later. */
function makeSlots(
  nodes: readonly Node[],
): Pick<GraphEdges, 'inputs' | 'inputStart' | 'outputs' | 'outputStart'> {
  const inputStart = new Int32Array(nodes.length + 1);
  const outputStart = new Int32Array(nodes.length + 1);
  for (let node = 0; node < nodes.length; node++) {
    const { inputs, outputs } = nodes[node]!;
    inputStart[node + 1] = inputStart[node]! + inputs.length;
    outputStart[node + 1] = outputStart[node]! + outputs.length;
  }
  return {
    inputs: new Int32Array(inputStart[nodes.length]!).fill(NONE),
    inputStart,
    outputs: new Int32Array(outputStart[nodes.length]!).fill(NONE),
    outputStart,
  };
}

/** Fills `producers` and `outputs`. */
function indexProducers(
  specification: GraphSpecification,
  { tensors, tensorIds, producers, outputs, outputStart }: UnsortedEdges,
): void {
  const { nodes } = specification;
  const names = new Set<string>();
  for (let index = 0; index < nodes.length; index++) {
    const node = nodes[index]!;
    names.add(node.name);
    if (names.size === index)
      throw invalid(specification, `two nodes are named ${quote(node.name)}`);
    for (let slot = 0; slot < node.outputs.length; slot++) {
      const output = node.outputs[slot]!;
      if (output === '') continue;
      const id = tensorIds.get(output);
      if (id === undefined)
        throw invalid(
          specification,
          `output ${quote(output)} of node ${quote(node.name)} is not a tensor of the graph`,
        );
      const other = nodes[producers[id]!];
      if (other !== undefined)
        throw invalid(
          specification,
          `tensor ${quote(output)} is computed twice, by ${quote(other.name)} and by ${quote(node.name)}`,
        );
      const { kind } = tensors[id]!;
      if (kind !== 'activation')
        throw invalid(
          specification,
          `${kind} tensor ${quote(output)} is also computed by node ${quote(node.name)}`,
        );
      producers[id] = index;
      outputs[outputStart[index]! + slot] = id;
    }
  }
}

const OPEN = 1;
const DONE = 2;

/**
 * Depth-first with an explicit stack, so that deep graphs do not exhaust the call stack; keeps source order. Fills
 * `inputs` on the way. @returns the nodes, as positions in the source
 */
function sortTopologically(
  specification: GraphSpecification,
  { tensors, tensorIds, producers, inputs, inputStart }: UnsortedEdges,
): Int32Array {
  const { nodes } = specification;
  const sorted = new Int32Array(nodes.length);
  const state = new Uint8Array(nodes.length);
  const nextSlot = inputStart.slice();
  const stack: number[] = [];
  let count = 0;
  for (let start = 0; start < nodes.length; start++) {
    if (state[start] !== 0) continue;
    stack.push(start);
    state[start] = OPEN;
    while (stack.length > 0) {
      const current = stack[stack.length - 1]!;
      const slot = nextSlot[current]!++;
      if (slot === inputStart[current + 1]) {
        state[current] = DONE;
        sorted[count++] = current;
        stack.pop();
        continue;
      }
      const node = nodes[current]!;
      const input = node.inputs[slot - inputStart[current]!]!;
      if (input === '') continue;
      const id = tensorIds.get(input);
      const producer = id === undefined ? NONE : producers[id]!;
      if (id === undefined || (producer === NONE && tensors[id]!.kind === 'activation'))
        throw invalid(
          specification,
          `node ${quote(node.name)} reads ${quote(input)}, which nothing computes${id === undefined ? '' : ' and which is no input or constant'}`,
        );
      inputs[slot] = id;
      if (producer === NONE || state[producer] === DONE) continue;
      if (state[producer] === OPEN) {
        const cycle = stack.slice(stack.indexOf(producer)).map((open) => quote(nodes[open]!.name));
        const shown = cycle.length > 6 ? [...cycle.slice(0, 5), '...'] : cycle;
        throw invalid(
          specification,
          `nodes read each other's results in a cycle: ${[...shown].reverse().join(' -> ')}`,
        );
      }
      state[producer] = OPEN;
      stack.push(producer);
    }
  }
  return sorted;
}

/** The edges in the order of the sorted nodes, and the consumers. */
function sortEdges(unsorted: UnsortedEdges, order: Int32Array): Omit<GraphEdges, 'results'> {
  const { tensors } = unsorted;
  const position = new Int32Array(order.length);
  for (let at = 0; at < order.length; at++) position[order[at]!] = at;
  const producers = unsorted.producers.map((node) => (node === NONE ? NONE : position[node]!));
  const [inputs, inputStart] = sortLists(unsorted.inputs, unsorted.inputStart, order);
  const [outputs, outputStart] = sortLists(unsorted.outputs, unsorted.outputStart, order);
  const consumerStart = new Int32Array(tensors.length + 1);
  const lastReader = new Int32Array(tensors.length).fill(NONE);
  for (let at = 0; at < order.length; at++) {
    for (let slot = inputStart[at]!; slot < inputStart[at + 1]!; slot++) {
      const tensor = inputs[slot]!;
      if (tensor === NONE || lastReader[tensor] === at) continue;
      lastReader[tensor] = at;
      consumerStart[tensor + 1]!++;
    }
  }
  for (let tensor = 0; tensor < tensors.length; tensor++)
    consumerStart[tensor + 1]! += consumerStart[tensor]!;
  const consumers = new Int32Array(consumerStart[tensors.length]!);
  const end = consumerStart.slice();
  for (let at = 0; at < order.length; at++) {
    for (let slot = inputStart[at]!; slot < inputStart[at + 1]!; slot++) {
      const tensor = inputs[slot]!;
      if (tensor === NONE) continue;
      if (end[tensor]! > consumerStart[tensor]! && consumers[end[tensor]! - 1] === at) continue;
      consumers[end[tensor]!++] = at;
    }
  }
  return {
    ...{ tensors, producers, inputs, inputStart, outputs, outputStart },
    ...{ consumers, consumerStart },
  };
}

/** Puts lists, one behind the other from `start` on, into another order. */
function sortLists(
  items: Int32Array,
  start: Int32Array,
  order: Int32Array,
): [items: Int32Array, start: Int32Array] {
  const sorted = new Int32Array(items.length);
  const sortedStart = new Int32Array(start.length);
  let end = 0;
  for (let at = 0; at < order.length; at++) {
    const list = order[at]!;
    for (let from = start[list]!; from < start[list + 1]!; from++) sorted[end++] = items[from]!;
    sortedStart[at + 1] = end;
  }
  return [sorted, sortedStart];
}
