import type { Graph } from './graph.ts';
import type { Node } from './node.ts';
import { channelAxis } from './ops/image.ts';
import { regroupings } from './reshape-like.ts';
import { elementCount, type ShapedTensor } from './tensor.ts';

/** Devices work on channels in blocks, and authors of networks keep to them. */
const MULTIPLE = 8;

/** How many channels there are instead of as many, so that groups, heads and parts of all nodes come out even. */
export class ChannelRounding {
  readonly #factor: number;
  /** By number of channels. */
  readonly #multiples = new Map<number, number>();

  constructor(graph: Graph, factor: number) {
    this.#factor = factor;
    for (const node of graph.nodes) {
      for (const [channels, parts] of divisions(node, graph)) {
        const multiple = this.#multiples.get(channels) ?? MULTIPLE;
        this.#multiples.set(channels, leastCommonMultiple(multiple, parts));
      }
    }
  }

  of(channels: number): number {
    const multiple = this.#multiples.get(channels) ?? MULTIPLE;
    return multiple * Math.max(1, Math.round((channels * this.#factor) / multiple));
  }
}

/**
 * The number of groups of a convolution with more or fewer channels: as many, or as wide, whichever lets numbers of
 * channels be finer.
 */
export function scaledGroups(group: number, before: number, after: number): number {
  return keepsWidth(group, before) ? after / (before / group) : group;
}

function keepsWidth(group: number, channels: number): boolean {
  const [asWide, asMany] = [channels / group, group].map((parts) =>
    leastCommonMultiple(MULTIPLE, parts),
  );
  return asWide! <= asMany!;
}

/** What a node divides numbers of channels by. */
function divisions(node: Node, graph: Graph): (readonly [channels: number, parts: number])[] {
  const data = graph.findTensor(node.inputs[0] ?? '') as ShapedTensor | undefined;
  const result = graph.findTensor(node.outputs[0] ?? '') as ShapedTensor | undefined;
  if (data?.shape === undefined || result?.shape === undefined) return [];
  const axis = channelAxis(data);
  const channels = data.shape[axis]!;
  switch (node.op) {
    case 'conv':
    case 'convtranspose': {
      const { group } = node.attributes;
      const results = result.shape[channelAxis(result)]!;
      const isWide = channels === results && keepsWidth(group, channels);
      const parts = isWide ? channels / group : group;
      return group === 1 ? [] : [[channels, parts] as const, [results, parts] as const];
    }
    case 'groupnorm':
      return [[channels, node.attributes.groups ?? 1]];
    case 'depthtospace':
      return [[channels, node.attributes.blockSize ** (data.shape.length - 2)]];
    case 'split':
      return node.attributes.axis === axis ? cuts(channels, node.attributes.sizes) : [];
    case 'slice': {
      const { axes, starts, ends } = node.attributes;
      return cuts(
        channels,
        [...starts, ...ends].filter((_, index) => axes[index % axes.length] === axis),
      );
    }
    case 'reshape': {
      const { shape } = node.attributes;
      return regroupings(data.shape, shape).flatMap(({ from, to }) => {
        const split = elementCount(data.shape.slice(...from));
        const parts = shape.slice(...to).filter((extent) => extent > 1);
        const last = parts.at(-1);
        return from[0] > 0 && parts.length > 1 && last !== undefined
          ? [[split, split / last] as const]
          : [];
      });
    }
    default:
      return [];
  }
}

/** Cut at places that are to stay the same shares of the whole; places beyond it are its end. */
function cuts(channels: number, places: readonly number[]): (readonly [number, number])[] {
  const unit = places
    .map(Math.abs)
    .filter((place) => place < channels)
    .reduce(greatestCommonDivisor, channels);
  return unit > 0 ? [[channels, channels / unit]] : [];
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function leastCommonMultiple(a: number, b: number): number {
  return (a / greatestCommonDivisor(a, b)) * b;
}
