import type { Layout } from '@nnmeter/ir';
import type { Entry } from './entry.ts';
import type { InferredNode } from './inference.ts';
import { CHANNELS_FIRST } from './settle-shapes.ts';

const CHANNELS_LAST: Readonly<Record<number, Layout>> = { 3: 'NWC', 4: 'NHWC', 5: 'NDHWC' };

/**
 * Finds which activations are images and in which axis order: starts at ops that fix it and at 4-D inputs, then carries
 * it along ops that keep the axes, forwards, backwards and forwards again.
 */
export function findLayouts(
  nodes: readonly InferredNode[],
  inputs: readonly Entry[],
): ReadonlyMap<Entry, Layout> {
  const layouts = new Map<Entry, Layout>();
  const set = (entry: Entry | undefined, layout: Layout | undefined): void => {
    if (entry === undefined || layout === undefined || layouts.has(entry)) return;
    if (entry.kind !== 'constant' && entry.knownShape?.length === layout.length) {
      layouts.set(entry, layout);
    }
  };
  for (const node of nodes) {
    for (const entry of node.inputs) {
      if (entry?.weightLayout !== undefined) layouts.set(entry, entry.weightLayout);
    }
    if (node.axes !== 'image') continue;
    set(node.inputs[0], CHANNELS_FIRST[node.inputs[0]?.knownShape?.length ?? 0]);
    set(node.outputs[0], CHANNELS_FIRST[node.outputs[0]?.knownShape?.length ?? 0]);
  }
  for (const input of inputs) set(input, imageInput(input));
  const forwards = (): void => {
    for (const node of nodes) carryLayout(node, node.inputs, node.outputs, layouts, set);
  };
  forwards();
  for (const node of nodes.toReversed()) carryLayout(node, node.outputs, node.inputs, layouts, set);
  forwards();
  return layouts;
}

/** A 4-D input of 1, 3 or 4 channels is an image. */
function imageInput(input: Entry): Layout | undefined {
  const shape = input.knownShape;
  if (shape?.length !== 4) return undefined;
  const isChannels = (extent: number | undefined): boolean =>
    extent === 1 || extent === 3 || extent === 4;
  if (isChannels(shape[1])) return 'NCHW';
  return isChannels(shape[3]) ? 'NHWC' : undefined;
}

function carryLayout(
  node: InferredNode,
  from: readonly (Entry | undefined)[],
  to: readonly (Entry | undefined)[],
  layouts: ReadonlyMap<Entry, Layout>,
  set: (entry: Entry | undefined, layout: Layout | undefined) => void,
): void {
  const { axes, computation } = node;
  const { attributes } = computation;
  if (axes === 'opaque') return;
  const known = from.find(
    (entry) => entry !== undefined && entry.kind !== 'constant' && layouts.has(entry),
  );
  const layout = known && layouts.get(known);
  if (layout === undefined) return;
  if (axes === 'permuted' && 'perm' in attributes) {
    set(to[0], permute(layout, attributes.perm as readonly number[], from === node.inputs));
  } else if (axes !== 'features' || layout === CHANNELS_LAST[layout.length]) {
    for (const entry of to) set(entry, layout);
  }
}

/** The layout behind a transposition, or before it; undefined if it is not one of the two known orders. */
function permute(layout: Layout, perm: readonly number[], forwards: boolean): Layout | undefined {
  const letters = perm.map((from, axis) => layout[forwards ? from : perm.indexOf(axis)]).join('');
  const known = [CHANNELS_FIRST[layout.length], CHANNELS_LAST[layout.length]];
  return known.find((candidate) => candidate === letters);
}
