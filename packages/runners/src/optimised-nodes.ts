import type { Graph } from '@nnmeter/ir';
import type { OnnxNode } from './onnx-file.ts';

/** Nodes of an optimised model that compute one or more nodes of the graph together. */
export interface OptimisedGroup {
  /** The runtime's name of what it does; of several nodes, all. */
  readonly op: string;
  /** Names of nodes of the graph, in topological order; empty if it is not known what it computes. */
  readonly nodes: readonly string[];
  /** Names of nodes of the optimised model. */
  readonly optimised: readonly string[];
}

/** They change the order of bytes for the node beside them. */
const REORDERS = new Set(['ReorderInput', 'ReorderOutput']);

/**
 * What ONNX Runtime runs as one, by the model that it optimised.
 *
 * Fusions keep the name of the tensor that they compute, so before a layout is chosen (level `extended`) each optimised
 * node covers the nodes between its tensors. Blocked layouts (level `all`) rename tensors and fuse further, but keep the
 * name of one node of each fusion: a node whose name is gone is computed with the last of its predecessors, or if it
 * is a padding with what reads it.
 * @param extended nodes of the model optimised up to level `extended`, or not at all
 * @param all nodes of the model as it is run; without their tensors if those are not known
 */
export function groupOptimised(
  graph: Graph,
  extended: readonly OnnxNode[],
  all: readonly OnnxNode[],
): readonly OptimisedGroup[] {
  const units = unitsOf(graph, extended);
  const places = placeNodes(units, all);
  const { members } = places;
  const hosts = findHosts(units, places, all);
  const groups = new Map<Unit, { nodes: Set<string>; optimised: OnnxNode[] }>();
  for (const [unit, host] of hosts) {
    const group = groups.get(host) ?? { nodes: new Set(), optimised: members.get(host)! };
    for (const node of unit.nodes) group.nodes.add(node);
    groups.set(host, group);
  }
  const positions = new Map(graph.nodes.map(({ name }, position) => [name, position]));
  const reorders = chargeReorders(all);
  return [...groups.values()].map(({ nodes, optimised }) => ({
    op: [...new Set(optimised.map(({ opType }) => opType))].join('+'),
    nodes: [...nodes].sort((a, b) => positions.get(a)! - positions.get(b)!),
    optimised: optimised.flatMap((node) => [node.name, ...(reorders.get(node) ?? [])]),
  }));
}

/** Optimised nodes up to tensors of the graph, and the nodes of the graph that they stand for. */
interface Unit {
  readonly optimised: OnnxNode[];
  readonly nodes: string[];
}

/** The units of a model whose tensors keep their names; in topological order. */
function unitsOf(graph: Graph, extended: readonly OnnxNode[]): readonly Unit[] {
  const isKnown = (tensor: string) => graph.producer(tensor) !== undefined;
  const computed = new Set(extended.flatMap(({ outputs }) => outputs.filter(isKnown)));
  const readers = new Map<string, Unit>();
  const units: Unit[] = [];
  for (const node of extended.toReversed()) {
    const isResult = node.outputs.some((tensor) => computed.has(tensor));
    const reader = node.outputs.map((tensor) => readers.get(tensor)).find(Boolean);
    const joined = isResult ? undefined : reader;
    const unit = joined ?? { optimised: [], nodes: [] };
    if (joined === undefined) units.push(unit);
    unit.optimised.push(node);
    for (const tensor of node.inputs) readers.set(tensor, unit);
  }
  units.reverse();
  const taken = new Set<string>();
  for (const { optimised, nodes } of units) {
    for (const { outputs } of optimised) {
      for (const tensor of outputs) cover(graph, tensor, computed, taken, nodes);
    }
  }
  return units;
}

/** Adds the nodes that compute a tensor from others that the optimised model computes. */
function cover(
  graph: Graph,
  result: string,
  computed: ReadonlySet<string>,
  taken: Set<string>,
  nodes: string[],
): void {
  const pending = [result];
  for (let tensor = pending.pop(); tensor !== undefined; tensor = pending.pop()) {
    const node = graph.producer(tensor);
    if (node === undefined || taken.has(node.name)) continue;
    taken.add(node.name);
    nodes.push(node.name);
    pending.push(...node.inputs.filter((input) => !computed.has(input)));
  }
}

/** Where the nodes that run belong. */
interface Places {
  /** By the unit that they compute, or begin; one of its own for what fits none. */
  readonly members: ReadonlyMap<Unit, OnnxNode[]>;
  /** Units that gave their name to a node that computes another: a convolution that takes in an addition after it. */
  readonly takenIn: ReadonlyMap<Unit, Unit>;
}

function placeNodes(units: readonly Unit[], all: readonly OnnxNode[]): Places {
  const byTensor = new Map<string, Unit>();
  const byName = new Map<string, Unit>();
  for (const unit of units) {
    for (const { name, outputs } of unit.optimised) {
      byName.set(name, unit);
      for (const tensor of outputs) byTensor.set(tensor, unit);
    }
    for (const name of unit.nodes) byName.set(name, unit);
  }
  const members = new Map<Unit, OnnxNode[]>();
  const takenIn = new Map<Unit, Unit>();
  for (const node of all) {
    if (REORDERS.has(node.opType)) continue;
    const byOutput = node.outputs.map((tensor) => byTensor.get(tensor)).find(Boolean);
    const named = findByName(byName, node.name);
    const unit = byOutput ?? named ?? { optimised: [node], nodes: [] };
    members.set(unit, [...(members.get(unit) ?? []), node]);
    if (named !== undefined && named !== unit) takenIn.set(named, unit);
  }
  return { members, takenIn };
}

/** Names get endings like `_nchwc`, `_token_3` and `/MatMulAddFusion`. */
function findByName(byName: ReadonlyMap<string, Unit>, name: string): Unit | undefined {
  for (let part = name; part !== ''; part = part.replace(/[_/]?[^_/]*$/, '')) {
    const unit = byName.get(part);
    if (unit !== undefined) return unit;
  }
  return undefined;
}

/** By unit: the one whose nodes run it, which is itself unless its own are gone. What is computed beforehand has none. */
function findHosts(
  units: readonly Unit[],
  { members, takenIn }: Places,
  all: readonly OnnxNode[],
): ReadonlyMap<Unit, Unit> {
  const positions = new Map(all.map((node, position) => [node, position]));
  const end = (unit: Unit) => positions.get(members.get(unit)!.at(-1)!)!;
  const hosts = new Map<Unit, Unit>();
  const byTensor = new Map<string, Unit>();
  for (const unit of isTold(members, all) ? units : []) {
    const before = unit.optimised
      .flatMap(({ inputs }) => inputs.map((tensor) => byTensor.get(tensor)))
      .filter((host) => host !== undefined)
      .sort((a, b) => end(a) - end(b));
    const host = members.has(unit)
      ? unit
      : (takenIn.get(unit) ?? readerOfPadding(unit, units, members) ?? before.at(-1));
    if (host === undefined) continue;
    hosts.set(unit, host);
    for (const { outputs } of unit.optimised) {
      for (const tensor of outputs) byTensor.set(tensor, host);
    }
  }
  for (const unit of members.keys()) hosts.set(unit, unit);
  return hosts;
}

/** Without tensors, a node of an unknown name may be what any of the others has become. */
function isTold(
  members: ReadonlyMap<Unit, readonly OnnxNode[]>,
  all: readonly OnnxNode[],
): boolean {
  return (
    all.some(({ outputs }) => outputs.length > 0) ||
    [...members.keys()].every(({ nodes }) => nodes.length > 0)
  );
}

/** What a padding that is no node of its own any more was fused into. */
function readerOfPadding(
  { optimised }: Unit,
  units: readonly Unit[],
  members: ReadonlyMap<Unit, unknown>,
): Unit | undefined {
  const results = new Set(optimised.flatMap(({ outputs }) => outputs));
  if (!optimised.some(({ opType }) => opType === 'Pad')) return undefined;
  const reads = ({ inputs }: OnnxNode) => inputs.some((tensor) => results.has(tensor));
  return units.find((unit) => members.has(unit) && unit.optimised.some(reads));
}

/** Names of the reorders by the node beside them: that which reads what is reordered, or which computed it. */
function chargeReorders(all: readonly OnnxNode[]): ReadonlyMap<OnnxNode, readonly string[]> {
  const charged = new Map<OnnxNode, string[]>();
  for (const { name, opType, inputs, outputs } of all) {
    if (!REORDERS.has(opType)) continue;
    const isBeside =
      opType === 'ReorderInput'
        ? (other: OnnxNode) => other.inputs.includes(outputs[0]!)
        : (other: OnnxNode) => other.outputs.includes(inputs[0]!);
    const beside = all.find(isBeside);
    if (beside !== undefined) charged.set(beside, [...(charged.get(beside) ?? []), name]);
  }
  return charged;
}
