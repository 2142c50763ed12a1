import { ChannelRounding, scaledGroups } from './channel-rounding.ts';
import { createGraph } from './create-graph.ts';
import { locateErrors, NnMeterError, quote } from './errors.ts';
import type { Graph } from './graph.ts';
import { inferNodeShapes } from './infer-node-shapes.ts';
import type { Node, NodeOf } from './node.ts';
import { transposedWeightAxes, weightAxes } from './ops/convolution.ts';
import { channelAxis } from './ops/image.ts';
import { withTargetLike } from './reshape-like.ts';
import type { Shape, ShapedTensor, Tensor } from './tensor.ts';
import { UniqueNames } from './unique-names.ts';

/**
 * The same network with other numbers of channels: those that convolutions, dense layers and embeddings give are multiplied
 * by a factor and rounded to a multiple of 8 (at least 8), weights following. Inputs of the network stay, and so do the
 * channels of its outputs (classes). Groups of convolutions keep their number or their width, whichever rounds finer;
 * what reshapes and splits take apart (heads, shuffled groups) stays as many parts. With a factor of 1 the graph itself.
 * @throws NnMeterError E_INVALID_INPUT for a factor that is not from 0.01 to 100; E_SHAPE naming the node that cannot be
 * scaled, or if there are no channels to scale
 */
export function withChannels(graph: Graph, factor: number): Graph {
  if (!(factor >= 0.01 && factor <= 100)) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `channels cannot be multiplied by ${factor}, which is not from 0.01 to 100`,
    );
  }
  return factor === 1 ? graph : new Widening(graph, factor).run();
}

/** A layer whose weight says how many channels it gives. */
type Layer = NodeOf<'conv'> | NodeOf<'convtranspose'> | NodeOf<'fc'>;

class Widening {
  readonly #graph: Graph;
  readonly #rounding: ChannelRounding;
  readonly #kept: ReadonlySet<string>;
  readonly #tensors: Map<string, Tensor>;
  readonly #names: UniqueNames;
  /** By name and shape: what stands for a constant that several nodes read, since not all need have as many channels. */
  readonly #copies = new Map<string, string>();
  /** The constants that the node which is visited reads no longer, and what it reads instead. */
  readonly #replaced = new Map<string, string>();

  constructor(graph: Graph, factor: number) {
    this.#graph = graph;
    this.#rounding = new ChannelRounding(graph, factor);
    this.#kept = keptTensors(graph);
    this.#tensors = new Map(graph.tensors);
    this.#names = new UniqueNames((name) => graph.findTensor(name) !== undefined);
  }

  run(): Graph {
    const nodes = this.#graph.nodes.map((node) =>
      locateErrors(
        () => ({ part: 'with other channels', node: node.name, op: node.sourceOp }),
        () => this.#visit(node),
      ),
    );
    if (![...this.#tensors.keys()].some((name) => this.#isChanged(name)))
      throw misfit('it has no channels but those of its inputs and outputs');
    return createGraph({ ...this.#graph, nodes, tensors: this.#tensors.values() });
  }

  #visit(node: Node): Node {
    this.#replaced.clear();
    const adapted = this.#adapt(node);
    const names = node.inputs.map((name) => this.#replaced.get(name) ?? name);
    if (!names.some((name) => this.#isChanged(name))) return node;
    const inputs = names.filter((name) => name !== '').map((name) => this.#now(name));
    const first = this.#graph.findTensor(node.outputs[0] ?? '')?.shape;
    const results = inferNodeShapes(adapted, inputs, first);
    if (results === undefined) throw misfit('its shapes cannot be inferred');
    for (const [slot, output] of node.outputs.entries()) {
      const shape = results[slot]?.shape;
      if (output !== '' && shape !== undefined) this.#setShape(output, shape);
    }
    return { ...adapted, inputs: names };
  }

  #before(name: string): ShapedTensor {
    return requireShape(this.#graph.tensor(name));
  }

  #now(name: string): ShapedTensor {
    return requireShape(this.#tensors.get(name)!);
  }

  #isChanged(name: string): boolean {
    return name !== '' && this.#tensors.get(name) !== this.#graph.findTensor(name);
  }

  #setShape(name: string, shape: Shape): void {
    const before = this.#graph.tensor(name);
    if (before.shape?.join() === shape.join()) return;
    const isShared = before.kind === 'constant' && this.#graph.consumers(name).length > 1;
    const own = isShared ? this.#copyOf(name, shape) : name;
    if (isShared) this.#replaced.set(name, own);
    const { values: _, ...valueless } = before;
    this.#tensors.set(own, { ...valueless, name: own, shape });
  }

  #copyOf(name: string, shape: Shape): string {
    const key = `${shape.join()} ${name}`;
    const known = this.#copies.get(key) ?? this.#names.take(name);
    this.#copies.set(key, known);
    return known;
  }

  /** The channels that a node gives instead of as many. */
  #given(node: Node, channels: number): number {
    return this.#kept.has(node.outputs[0]!) ? channels : this.#rounding.of(channels);
  }

  /** A node with weights and attributes for its operands as they are now. */
  #adapt(node: Node): Node {
    switch (node.op) {
      case 'conv':
      case 'convtranspose':
      case 'fc':
        return this.#isWeight(node.inputs[1]) ? this.#adaptLayer(node) : node;
      case 'dwconv':
        return this.#adaptDepthwise(node);
      case 'gather':
        this.#adaptTable(node);
        return node;
      default:
    }
    const data = node.inputs.find((name) => this.#isChanged(name));
    if (data === undefined) return node;
    if (UNKNOWN.has(node.op)) {
      const isProduct = node.op === 'matmul' || node.op === 'einsum';
      if (!isProduct || node.inputs.some((name) => this.#isWeight(name)))
        throw misfit('how its weights depend on channels is not known');
    }
    this.#adaptConstants(node, this.#before(data));
    return adaptAttributes(node, this.#before(data).shape, this.#now(data).shape);
  }

  #isWeight(name = ''): boolean {
    return this.#graph.findTensor(name)?.kind === 'constant';
  }

  #adaptLayer(node: Layer): Node {
    const [data, weight, bias] = node.inputs as [string, string, string?];
    const before = this.#before(data);
    const { shape } = this.#before(weight);
    const from = channelsOf(node, before);
    const channels = channelsOf(node, this.#now(data));
    const results = channelsOf(node, this.#before(node.outputs[0]!));
    const given = this.#given(node, results);
    this.#setBias(bias, results, given);
    if (node.op === 'fc') {
      const axes = node.attributes.transposeB ? [1, 0] : [0, 1];
      this.#setShape(weight, shape.with(axes[0]!, channels).with(axes[1]!, given));
      return node;
    }
    const { group: groups } = node.attributes;
    const group = groups > 1 && from === results ? scaledGroups(groups, from, channels) : groups;
    const isTransposed = node.op === 'convtranspose';
    const axes = isTransposed
      ? transposedWeightAxes(this.#before(weight), from)
      : weightAxes(this.#before(weight));
    const taken = isTransposed ? channels : channels / group;
    const ofWeight = isTransposed ? given / group : given;
    if (!Number.isInteger(taken) || !Number.isInteger(ofWeight))
      throw misfit(`${channels} channels do not divide into ${group} groups`);
    this.#setShape(weight, shape.with(axes.from, taken).with(axes.to, ofWeight));
    return { ...node, attributes: { ...node.attributes, group } } as Node;
  }

  /** Channels follow the operand, each giving as many as before. */
  #adaptDepthwise(node: NodeOf<'dwconv'>): Node {
    const [data, weight, bias] = node.inputs as [string, string, string?];
    const before = channelsOf(node, this.#before(data));
    const channels = channelsOf(node, this.#now(data));
    if (channels === before) return node;
    const results = channelsOf(node, this.#before(node.outputs[0]!));
    const given = (results / before) * channels;
    const { shape, layout } = this.#before(weight);
    const { from, to } = weightAxes(this.#before(weight));
    this.#setShape(weight, layout === 'HWCM' ? shape.with(from, channels) : shape.with(to, given));
    this.#setBias(bias, results, given);
    return { ...node, attributes: { ...node.attributes, group: channels } };
  }

  #setBias(name: string | undefined, before: number, after: number): void {
    if (name === undefined || name === '') return;
    const { shape } = this.#before(name);
    this.#setShape(
      name,
      shape.map((extent) => (extent === before ? after : extent)),
    );
  }

  /** A table of embeddings, whose last axis are channels. */
  #adaptTable(node: NodeOf<'gather'>): void {
    const [table = '', indices = ''] = node.inputs;
    if (!this.#isWeight(table) || this.#isWeight(indices) || indices === '') return;
    const { shape } = this.#before(table);
    if (shape.length !== 2 || node.attributes.axis !== 0) return;
    this.#setShape(table, shape.with(1, this.#given(node, shape[1]!)));
  }

  /** Constants that meet an operand element by element, channel by channel, or are joined to it. */
  #adaptConstants(node: Node, data: ShapedTensor): void {
    const now = this.#now(data.name).shape;
    const rank = data.shape.length;
    for (const name of node.inputs) {
      if (!this.#isWeight(name)) continue;
      const { shape } = this.#before(name);
      const first = PER_CHANNEL.has(node.op) ? channelAxis(data) : rank - shape.length;
      const adapted = shape.map((extent, axis) =>
        extent === data.shape[first + axis] ? now[first + axis]! : extent,
      );
      this.#setShape(name, adapted);
    }
  }
}

/** Ops whose constants have an entry for each channel of an image. */
const PER_CHANNEL: ReadonlySet<string> = new Set(['bn', 'instancenorm', 'groupnorm']);
const UNKNOWN: ReadonlySet<string> = new Set([
  ...['lstm', 'gru', 'rnn', 'custom', 'matmul', 'einsum', 'tile', 'onehot', 'scatter'],
]);

function adaptAttributes(node: Node, before: Shape, now: Shape): Node {
  switch (node.op) {
    case 'reshape':
    case 'expand':
      return withTargetLike(node, before, now);
    case 'split': {
      const { axis, sizes } = node.attributes;
      const scaled = sizes.map((size) => (size / before[axis]!) * now[axis]!);
      return { ...node, attributes: { axis, sizes: scaled.map(whole) } };
    }
    case 'slice': {
      const { axes, starts, ends, steps } = node.attributes;
      const scale = (at: number, index: number): number => {
        const [from, to] = [before[axes[index]!]!, now[axes[index]!]!];
        return from === to || Math.abs(at) > from ? at : whole((at / from) * to);
      };
      return {
        ...node,
        attributes: { axes, steps, starts: starts.map(scale), ends: ends.map(scale) },
      };
    }
    case 'resize': {
      const { mode, sizes } = node.attributes;
      const scaled = sizes?.map((size, axis) => (size === before[axis] ? now[axis]! : size));
      return { ...node, attributes: { mode, ...(scaled && { sizes: scaled }) } };
    }
    default:
      return node;
  }
}

function whole(channels: number): number {
  if (Number.isInteger(channels)) return channels;
  throw misfit(`a part of it would have ${channels} channels`);
}

function channelsOf({ op }: Node, tensor: ShapedTensor): number {
  return tensor.shape[op === 'fc' ? tensor.shape.length - 1 : channelAxis(tensor)] ?? 1;
}

/** Tensors whose channels are those of an input or output of the network, with nothing between that chooses others. */
function keptTensors(graph: Graph): ReadonlySet<string> {
  const tied = new Map<string, Set<string>>();
  const tie = (a: string, b: string): void => {
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const)
      tied.set(one, (tied.get(one) ?? new Set()).add(other));
  };
  const isActivation = (name: string): boolean =>
    name !== '' && graph.tensor(name).kind !== 'constant';
  const channelsIn = (name: string): number | undefined => {
    const { shape, layout } = graph.tensor(name);
    return shape?.[channelAxis({ shape, layout })];
  };
  for (const node of graph.nodes) {
    if (givesChannels(node, graph)) continue;
    for (const input of node.inputs.filter(isActivation)) {
      for (const output of node.outputs) {
        if (output !== '' && channelsIn(input) === channelsIn(output)) tie(input, output);
      }
    }
  }
  const kept = new Set<string>();
  const open = [...graph.inputs, ...graph.outputs];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (kept.has(name)) continue;
    kept.add(name);
    open.push(...(tied.get(name) ?? []));
    const producer = graph.producer(name);
    if (producer !== undefined && !givesChannels(producer, graph))
      open.push(...producer.inputs.filter(isActivation));
  }
  return kept;
}

/** Whether the number of channels of a node's result is a choice. */
function givesChannels({ op, inputs }: Node, graph: Graph): boolean {
  const isConstant = (name = ''): boolean => graph.findTensor(name)?.kind === 'constant';
  if (op === 'gather') return isConstant(inputs[0]);
  return (op === 'conv' || op === 'convtranspose' || op === 'fc') && isConstant(inputs[1]);
}

function requireShape(tensor: Tensor): ShapedTensor {
  if (tensor.shape === undefined) throw misfit(`the shape of ${quote(tensor.name)} is not known`);
  return tensor as ShapedTensor;
}

function misfit(problem: string): NnMeterError {
  return new NnMeterError('E_SHAPE', problem);
}
