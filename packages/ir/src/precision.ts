import type { Graph } from './graph.ts';
import { macsOfNodes } from './macs.ts';
import type { DataType, Tensor } from './tensor.ts';

/** In which element types a network computes, and in which it stores its weights. */
export interface Precision {
  /** Of the values that most multiplications read: `int8` of a fully quantised network. */
  readonly activations: DataType;
  /** Of the weights that they read: `int8` beside float32 activations is quantisation of a dynamic range. */
  readonly weights: DataType;
}

/**
 * The precision of a network: the element types that most of its multiply-accumulate operations have, `unknown` if it has
 * none. A value that is dequantised only to be read counts as quantised, since runtimes compute with what it was before.
 * Computed once a graph.
 */
export function precisionOf(graph: Graph): Precision {
  return graph.derived(findPrecision);
}

function findPrecision(graph: Graph): Precision {
  const macs = macsOfNodes(graph);
  const { tensors, inputs, inputStart } = graph.edges;
  const activations = new Map<DataType, number>();
  const weights = new Map<DataType, number>();
  for (let node = 0; node < macs.length; node++) {
    if (!(macs[node]! > 0)) continue;
    for (
      let at = inputStart[node]!;
      at < inputStart[node + 1]! && at < inputStart[node]! + 2;
      at++
    ) {
      const tensor = tensors[inputs[at]!];
      if (tensor === undefined) continue;
      const types = tensor.kind === 'constant' ? weights : activations;
      const type = storedType(graph, tensor);
      types.set(type, (types.get(type) ?? 0) + macs[node]!);
    }
  }
  return { activations: heaviest(activations), weights: heaviest(weights) };
}

function storedType(graph: Graph, tensor: Tensor): DataType {
  if (tensor.kind !== 'activation' || tensor.dataType !== 'float32') return tensor.dataType;
  const producer = graph.producer(tensor.name);
  if (producer?.op !== 'dequantize') return tensor.dataType;
  return graph.tensor(producer.inputs[0]!).dataType;
}

function heaviest(types: ReadonlyMap<DataType, number>): DataType {
  let found: DataType = 'unknown';
  let most = 0;
  for (const [type, macs] of types) {
    if (macs <= most) continue;
    found = type;
    most = macs;
  }
  return found;
}
