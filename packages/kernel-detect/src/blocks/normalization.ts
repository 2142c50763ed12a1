import { imageDimensions, type Op, type Tensor } from '@nnmeter/ir';
import { type GraphView, NONE } from '../graph-view.ts';
import { ascending, type Block, isAbout, type Mismatch, mismatch } from './block.ts';

/**
 * Layer normalisation written out, in any order of its steps: from the mean of x to the first result that has the shape
 * of x, depends on a square root and uses up everything in between; then a scale and a shift by constants if they are
 * there. PyTorch centres and divides; TensorFlow multiplies x and the mean by gamma over the deviation and subtracts.
 */
export const layernorm: Block = {
  name: 'layernorm',
  anchors: ['reducemean'],
  match(view, mean) {
    return normalize(view, [mean], view.dataInput(mean));
  },
};

/** Normalisation by the root of the mean square written out, without centring. */
export const rmsnorm: Block = {
  name: 'rmsnorm',
  anchors: ['reducemean'],
  match(view, mean) {
    const square = view.producer(mean, 0);
    if (square === NONE || !isSquare(view, square) || view.soleConsumer(square) !== mean) {
      return mismatch(mean, 'is not the mean of squares that nothing else reads');
    }
    return normalize(view, [square, mean], view.dataInput(square));
  },
};

/**
 * Group normalisation as PyTorch's exporters write it in ONNX: the groups become the channels of an instance normalisation
 * and channels again, then a scale and a shift by constants if they are there.
 */
export const groupnorm: Block = {
  name: 'groupnorm',
  anchors: ['instancenorm'],
  match(view, normal) {
    const split = view.producer(normal, 0);
    if (split === NONE || view.op(split) !== 'reshape' || view.soleConsumer(split) !== normal) {
      return mismatch(normal, 'does not normalise a reshape that nothing else reads');
    }
    const merge = view.next(normal, 'reshape');
    if (merge === NONE) return mismatch(normal, 'is not read by one reshape only');
    const whole = view.graph.findTensor(view.dataInput(split) ?? '');
    if (whole?.shape === undefined || !dividesChannels(view, split, whole)) {
      return mismatch(split, 'does not divide channels into groups');
    }
    if (view.firstOutput(merge)?.shape?.join() !== whole.shape.join()) {
      return mismatch(merge, 'does not restore the shape');
    }
    const nodes = [split, normal, merge];
    takeConstantOperation(view, nodes, merge, 'mul');
    takeConstantOperation(view, nodes, nodes[nodes.length - 1]!, 'add');
    return nodes;
  },
};

/** Whether a reshape of an image makes channels, first or last, of its groups of channels. */
function dividesChannels(view: GraphView, split: number, { shape, layout }: Tensor): boolean {
  const groups = view.firstOutput(split)?.shape;
  if (shape === undefined || groups === undefined || groups[0] !== shape[0]) return false;
  const { channels } = imageDimensions(shape, layout);
  return channels % groups[1]! === 0 || channels % groups.at(-1)! === 0;
}

/** What normalisation is made of, beside the square roots. */
const STEPS: ReadonlySet<Op> = new Set<Op>(
  'add sub mul div pow square neg reciprocal cast quantize dequantize reducemean sqrt rsqrt'.split(
    ' ',
  ) as Op[],
);

/** The longest known spelling has eleven nodes. */
const MAX_NODES = 16;

function normalize(
  view: GraphView,
  start: readonly number[],
  x: string | undefined,
): readonly number[] | Mismatch {
  const mean = start[start.length - 1]!;
  if (x === undefined) return mismatch(mean, 'averages a constant');
  const region = new Region(view, start, x);
  let last = mean;
  while (region.nodes.length < MAX_NODES) {
    const next = region.nextReader();
    if (next === NONE) break;
    const refusal = region.take(next);
    if (refusal !== undefined) return refusal;
    last = next;
    if (!region.isComplete(next)) continue;
    const nodes = [...region.nodes];
    takeConstantOperation(view, nodes, next, 'mul');
    takeConstantOperation(view, nodes, nodes[nodes.length - 1]!, 'add');
    return ascending(nodes);
  }
  return mismatch(last, 'does not end a normalisation of what was averaged');
}

/** The nodes between x and its normalised form that are known so far, grown reader by reader in topological order. */
class Region {
  readonly nodes: number[];
  readonly #view: GraphView;
  readonly #x: string;
  readonly #axes: string;
  readonly #members: Set<number>;
  #hasRoot = false;

  constructor(view: GraphView, start: readonly number[], x: string) {
    this.#view = view;
    this.#x = x;
    this.nodes = [...start];
    this.#members = new Set(start);
    this.#axes = axesOf(view, start[start.length - 1]!);
  }

  /** The first node behind the region that reads it; NONE if all is used up. */
  nextReader(): number {
    let first = NONE;
    for (const node of this.nodes) {
      const count = Math.min(this.#view.consumerCount[node]!, MAX_NODES);
      for (let k = 0; k < count; k++) {
        const reader = this.#view.consumer(node, k);
        if (this.#members.has(reader) || (first !== NONE && reader >= first)) continue;
        first = reader;
      }
    }
    return first;
  }

  /** Adds a reader, or says why it is none of a normalisation. */
  take(node: number): Mismatch | undefined {
    const view = this.#view;
    const op = view.op(node);
    if (!STEPS.has(op)) return mismatch(node, 'is no step of a normalisation');
    if (op === 'reducemean' && axesOf(view, node) !== this.#axes) {
      return mismatch(node, 'averages over other axes');
    }
    const { inputs } = view.nodes[node]!;
    for (const [slot, input] of inputs.entries()) {
      const producer = view.producer(node, slot);
      const isKnown = this.#members.has(producer) || input === this.#x;
      if (!isKnown && input !== '' && !view.isConstant(node, slot)) {
        return mismatch(node, 'combines what was averaged with another tensor');
      }
    }
    if (op === 'sqrt' || op === 'rsqrt' || isRootPower(view, node)) this.#hasRoot = true;
    this.nodes.push(node);
    this.#members.add(node);
    return undefined;
  }

  /** Whether the node normalises x and leaves nothing open. */
  isComplete(exit: number): boolean {
    const view = this.#view;
    if (!this.#hasRoot) return false;
    const shape = view.firstOutput(exit)?.shape;
    const whole = view.graph.findTensor(this.#x)?.shape;
    if (shape?.length !== whole?.length) return false;
    if (shape?.some((extent, axis) => extent !== whole![axis])) return false;
    return this.nodes.every((node) => {
      if (node === exit) return true;
      if (view.isResult[node] === 1 || view.consumerCount[node]! > this.nodes.length) return false;
      for (let k = 0; k < view.consumerCount[node]!; k++)
        if (!this.#members.has(view.consumer(node, k))) return false;
      return true;
    });
  }
}

function isSquare(view: GraphView, node: number): boolean {
  const { op, inputs } = view.nodes[node]!;
  if (op === 'square') return true;
  if (op === 'pow') return isAbout(view.constantOperand(node), 2);
  return op === 'mul' && inputs[0] === inputs[1];
}

function isRootPower(view: GraphView, node: number): boolean {
  if (view.op(node) !== 'pow') return false;
  const exponent = view.constantOperand(node);
  return typeof exponent === 'number' && Math.abs(exponent) === 0.5;
}

function axesOf(view: GraphView, node: number): string {
  const found = view.nodes[node]!;
  return found.op === 'reducemean' ? found.attributes.axes.join() : '';
}

function takeConstantOperation(
  view: GraphView,
  nodes: number[],
  exit: number,
  op: 'mul' | 'add',
): void {
  const next = view.next(exit, op);
  if (next !== NONE && view.constantOperand(next) !== undefined) nodes.push(next);
}
