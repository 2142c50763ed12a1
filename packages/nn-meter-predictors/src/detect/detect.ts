import type { Graph, Node, Shape, Tensor } from '@nnmeter/ir';
import { chainBlocks } from './blocks.ts';
import { toUnits, type Unit } from './units.ts';

/** A kernel as nn-Meter 2.0 detects it, with what its features are made of. */
export interface NnMeterKernel {
  /** Position in the list of kernels. */
  readonly index: number;
  /** Short names joined by "-": `conv-bn-relu`. */
  readonly name: string;
  readonly nodes: readonly Node[];
  /** Indices of the kernels whose results it reads. */
  readonly inputKernels: readonly number[];
  /** Shapes of what the first node reads, images as [batch, height, width, channels]; no weights. */
  readonly inputShapes: readonly Shape[];
  /** Shape of the first node's result; undefined if unknown. */
  readonly outputShape: Shape | undefined;
}

/**
 * The kernels nn-Meter 2.0 detects under a device's published rules (`FusionRules.official`), taken literally:
 * its block list, its walk and its op names, so `BF_dense_relu` never matches an `fc`; nodes that change nothing, such as
 * a concatenation of one tensor, are kernels too.
 */
export function detectNnMeterKernels(
  graph: Graph,
  officialRules: Readonly<Record<string, boolean>>,
): NnMeterKernel[] {
  const units = toUnits(graph, chainBlocks(officialRules));
  const kernelOf = new Int32Array(units.length).fill(-1);
  const groups: number[][] = [];
  for (const start of executionOrder(units)) {
    if (kernelOf[start] !== -1) continue;
    const members = [start];
    kernelOf[start] = groups.length;
    const root = units[start]!.type;
    for (let last = units[start]!; last.consumers.length === 1; ) {
      const next = last.consumers[0]!;
      const rule = `BF_${root}_${units[next]!.type}`;
      const fuses = Object.hasOwn(officialRules, rule) && officialRules[rule];
      if (!fuses || kernelOf[next] !== -1) break;
      kernelOf[next] = groups.length;
      members.push(next);
      last = units[next]!;
    }
    groups.push(members);
  }
  return groups.map((members, index) => {
    const parts = members.map((member) => units[member]!);
    const nodes = parts.flatMap((part) => part.nodes);
    const producers = parts.flatMap((part) => part.inputs.map((input) => kernelOf[input]!));
    return {
      index,
      name: parts.map((part) => part.type).join('-'),
      nodes,
      inputKernels: [...new Set(producers)].filter((kernel) => kernel !== index),
      inputShapes: inputShapes(graph, nodes[0]!),
      outputShape: channelsLast(graph, graph.tensors.get(nodes[0]!.outputs[0] ?? '')),
    };
  });
}

/**
 * By distance from the inputs, as the original visits: a unit comes as soon as all it reads has come. Blocks that are
 * read from outside in their middle can wait for each other; such units come last.
 */
function executionOrder(units: readonly Unit[]): Iterable<number> {
  const waitingFor = units.map((unit) => unit.inputs.length);
  const order = [...units.keys()].filter((unit) => waitingFor[unit] === 0);
  for (let k = 0; k < order.length; k++) {
    for (const consumer of units[order[k]!]!.consumers) {
      if (--waitingFor[consumer]! === 0) order.push(consumer);
    }
  }
  return new Set([...order, ...units.keys()]);
}

const ELEMENT_WISE = new Set(['add', 'sub', 'mul', 'div']);

function inputShapes(graph: Graph, node: Node): Shape[] {
  const tensors = node.inputs.map((name) => graph.tensors.get(name));
  const computed: Shape[] = [];
  for (const tensor of tensors) {
    const shape = tensor?.kind === 'constant' ? undefined : channelsLast(graph, tensor);
    if (shape !== undefined) computed.push(shape);
  }
  const first = computed[0];
  const isPartlyConstant = ELEMENT_WISE.has(node.op) && computed.length < tensors.length;
  return isPartlyConstant && first !== undefined ? tensors.map(() => first) : computed;
}

function channelsLast(graph: Graph, tensor: Tensor | undefined): Shape | undefined {
  const shape = tensor?.shape;
  const isChannelsFirst = tensor?.layout === 'NCHW' || graph.metadata.format === 'onnx';
  if (shape?.length !== 4 || !isChannelsFirst) return shape;
  return [shape[0]!, shape[2]!, shape[3]!, shape[1]!];
}
