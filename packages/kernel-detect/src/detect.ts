import type { Graph, Tensor } from '@nnmeter/ir';
import { type GraphView, NONE } from './graph-view.ts';
import { analyse, type Group, Grouping } from './grouping.ts';
import type { Kernel } from './kernel.ts';
import type { NormalForm } from './normal-form/normal-form.ts';
import { type CompiledRules, compileRules, type FusionRules } from './rules.ts';

/** What was detected of a graph last. */
interface Detection {
  allowed: string | undefined;
  kernels: readonly Kernel[];
}

const nothingDetected = (): Detection => ({ allowed: undefined, kernels: [] });

/**
 * The kernels a device with these fusion rules runs, in an order of execution. Every node of the graph is in exactly
 * one kernel. Time and memory are linear in nodes and edges. Devices that fuse alike, one after the other, share the list.
 * @throws NnMeterError E_INVALID_INPUT if the rules are not understood.
 */
export function detectKernels(graph: Graph, rules: FusionRules): readonly Kernel[] {
  const compiled = compileRules(rules);
  const last = graph.derived(nothingDetected);
  if (last.allowed !== compiled.allowed) {
    last.kernels = detectAnew(graph, compiled);
    last.allowed = compiled.allowed;
  }
  return last.kernels;
}

function detectAnew(graph: Graph, rules: CompiledRules): readonly Kernel[] {
  const analysis = analyse(graph, rules);
  const { view, groups, groupOf } = new Grouping(analysis, rules);

  const groupAt = new Int32Array(view.nodes.length).fill(NONE);
  for (let g = 0; g < groups.length; g++) groupAt[groups[g]!.position] = g;
  const order = new Int32Array(groups.length);
  const kernels: Kernel[] = [];
  for (let i = 0; i < groupAt.length; i++) {
    const own = groupAt[i]!;
    if (own === NONE) continue;
    order[own] = kernels.length;
    const kernel = toKernel(view, groups[own]!, own, groupOf, order);
    kernels.push(
      analysis.normal === undefined ? kernel : inOriginal(kernel, analysis.normal, graph),
    );
  }
  return kernels;
}

/** The kernel with its nodes in the original graph, and the nodes whose work they do. */
function inOriginal(kernel: Kernel, { positions, absorbed }: NormalForm, graph: Graph): Kernel {
  const originals = ascending(
    kernel.positions.flatMap((place) => [
      positions[place]!,
      ...(absorbed.get(place) ?? []).map(({ position }) => position),
    ]),
  );
  return {
    ...kernel,
    nodes: originals.map((position) => graph.nodes[position]!),
    positions: originals,
    rootPosition: positions[kernel.rootPosition]!,
  };
}

/** Up to this many tensors a scan of the list is faster than a set. */
const FEW = 32;

function toKernel(
  view: GraphView,
  group: Group,
  own: number,
  groupOf: Int32Array,
  order: Int32Array,
): Kernel {
  const { slotProducers, slotStart } = view;
  const { tensors, inputs: slotTensors } = view.graph.edges;
  const inputs: Tensor[] = [];
  const inputKernels: number[] = [];
  let many: Set<Tensor | number> | undefined;
  for (const member of group.nodes) {
    const names = view.nodes[member]!.inputs;
    const start = slotStart[member]!;
    if (names.length > FEW) many ??= new Set([...inputs, ...inputKernels]);
    for (let slot = 0; slot < names.length; slot++) {
      const producer = slotProducers[start + slot]!;
      if (producer !== NONE) {
        const other = groupOf[producer]!;
        if (other === own) continue;
        pushDistinct(inputKernels, order[other]!, many);
      } else if (!view.isGraphInput(names[slot]!)) continue;
      pushDistinct(inputs, tensors[slotTensors[start + slot]!]!, many);
    }
  }
  const { state } = group;
  const positions = ascending(group.nodes);
  return {
    index: order[own]!,
    type: state.type,
    stages: state.stages,
    nodes: positions.map((member) => view.nodes[member]!),
    positions,
    root: view.nodes[group.nodes[0]!]!,
    rootPosition: group.nodes[0]!,
    // Copies, since arrays that have grown keep room for 16 more.
    inputs: inputs.slice(),
    outputs: outputsOf(view, group),
    inputKernels: inputKernels.slice(),
  };
}

function pushDistinct<T extends Tensor | number>(
  list: T[],
  item: T,
  many: Set<Tensor | number> | undefined,
): void {
  if (many === undefined) {
    if (!list.includes(item)) list.push(item);
  } else if (!many.has(item)) {
    many.add(item);
    list.push(item);
  }
}

function ascending(members: readonly number[]): readonly number[] {
  for (let k = 1; k < members.length; k++)
    if (members[k]! < members[k - 1]!) return [...members].sort((a, b) => a - b);
  return members;
}

function outputsOf(view: GraphView, group: Group): Tensor[] {
  const { tensors, outputs, outputStart, consumerStart } = view.graph.edges;
  const { exit } = group;
  if (exit !== NONE && outputStart[exit + 1]! - outputStart[exit]! === 1) {
    const tensor = tensors[outputs[outputStart[exit]!]!];
    return tensor === undefined ? [] : [tensor];
  }
  const found: Tensor[] = [];
  for (const writer of exit === NONE ? group.nodes : [exit]) {
    const start = outputStart[writer]!;
    const end = outputStart[writer + 1]!;
    for (let at = start; at < end; at++) {
      const tensor = outputs[at]!;
      if (tensor === NONE) continue;
      const isRead =
        end - start === 1 ||
        consumerStart[tensor + 1]! > consumerStart[tensor]! ||
        view.isResultTensor[tensor] === 1;
      if (isRead) found.push(tensors[tensor]!);
    }
  }
  return found;
}
