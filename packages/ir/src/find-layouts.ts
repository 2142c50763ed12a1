import type { Node } from './node.ts';
import { opRow } from './ops.ts';
import type { Layout, Shape } from './tensor.ts';

/** Axis orders of images by rank, channels first. */
export const CHANNELS_FIRST: Readonly<Record<number, Layout>> = { 3: 'NCW', 4: 'NCHW', 5: 'NCDHW' };
const CHANNELS_LAST: Readonly<Record<number, Layout>> = { 3: 'NWC', 4: 'NHWC', 5: 'NDHWC' };

/** A network as far as axis orders are concerned; a tensor `T` is whatever a reader has for it. */
export interface LayoutSearch<T> {
  /** Nodes are numbers below, in the order in which they run. */
  readonly count: number;
  operation(node: number): Pick<Node, 'op' | 'attributes'>;
  inputs(node: number): readonly (T | undefined)[];
  outputs(node: number): readonly (T | undefined)[];
  /** Undefined for constants, which are no images. */
  shapeOf(tensor: T): Shape | undefined;
  /** What is known so far; undefined for constants. */
  layoutOf(tensor: T): Layout | undefined;
  setLayout(tensor: T, layout: Layout): void;
}

/**
 * Finds which activations are images and in which axis order, for formats whose ops on images have channels first: starts
 * at these ops and at 4-D inputs, then carries it along ops that keep the axes, forwards, backwards and forwards again.
 */
export function findLayouts<T>(search: LayoutSearch<T>, inputs: readonly T[]): void {
  for (let node = 0; node < search.count; node++) {
    if (opRow(search.operation(node).op).axes !== 'image') continue;
    for (const [tensor] of [search.inputs(node), search.outputs(node)])
      set(search, tensor, CHANNELS_FIRST[rankOf(search, tensor)]);
  }
  for (const input of inputs) set(search, input, imageInput(search.shapeOf(input)));
  for (let node = 0; node < search.count; node++) carryLayout(search, node, true);
  for (let node = search.count - 1; node >= 0; node--) carryLayout(search, node, false);
  for (let node = 0; node < search.count; node++) carryLayout(search, node, true);
}

function rankOf<T>(search: LayoutSearch<T>, tensor: T | undefined): number {
  return (tensor !== undefined && search.shapeOf(tensor)?.length) || 0;
}

function set<T>(search: LayoutSearch<T>, tensor: T | undefined, layout: Layout | undefined): void {
  if (tensor === undefined || layout === undefined) return;
  if (search.layoutOf(tensor) !== undefined || rankOf(search, tensor) !== layout.length) return;
  search.setLayout(tensor, layout);
}

/** A 4-D input of 1, 3 or 4 channels is an image. */
function imageInput(shape: Shape | undefined): Layout | undefined {
  if (shape?.length !== 4) return undefined;
  const isChannels = (extent: number | undefined): boolean =>
    extent === 1 || extent === 3 || extent === 4;
  if (isChannels(shape[1])) return 'NCHW';
  return isChannels(shape[3]) ? 'NHWC' : undefined;
}

function carryLayout<T>(search: LayoutSearch<T>, node: number, forwards: boolean): void {
  const { op, attributes } = search.operation(node);
  const { axes } = opRow(op);
  if (axes === 'opaque') return;
  const layout = firstLayout(search, forwards ? search.inputs(node) : search.outputs(node));
  if (layout === undefined) return;
  const to = forwards ? search.outputs(node) : search.inputs(node);
  if (axes === 'permuted') {
    if ('perm' in attributes)
      set(search, to[0], permute(layout, attributes.perm as readonly number[], forwards));
  } else if (axes !== 'features' || layout === CHANNELS_LAST[layout.length]) {
    for (const tensor of to) set(search, tensor, layout);
  }
}

function firstLayout<T>(
  search: LayoutSearch<T>,
  tensors: readonly (T | undefined)[],
): Layout | undefined {
  for (const tensor of tensors) {
    const layout = tensor === undefined ? undefined : search.layoutOf(tensor);
    if (layout !== undefined) return layout;
  }
  return undefined;
}

/** The layout behind a transposition, or before it; undefined if it is not one of the two known orders. */
function permute(layout: Layout, perm: readonly number[], forwards: boolean): Layout | undefined {
  const letters = perm.map((from, axis) => layout[forwards ? from : perm.indexOf(axis)]).join('');
  const known = [CHANNELS_FIRST[layout.length], CHANNELS_LAST[layout.length]];
  return known.find((candidate) => candidate === letters);
}
