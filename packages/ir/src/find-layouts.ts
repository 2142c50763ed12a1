import type { Node } from './node.ts';
import { opRow } from './ops.ts';
import type { Layout, Tensor } from './tensor.ts';

const CHANNELS_FIRST: Readonly<Record<number, Layout>> = { 3: 'NCW', 4: 'NCHW', 5: 'NCDHW' };
const CHANNELS_LAST: Readonly<Record<number, Layout>> = { 3: 'NWC', 4: 'NHWC', 5: 'NDHWC' };

/**
 * Finds which activations are images and in which axis order, for formats whose ops on images have channels first: starts
 * at these ops and at 4-D inputs, then carries it along ops that keep the axes, forwards, backwards and forwards again.
 * @param nodes in the order in which they run
 */
export function findLayouts(
  nodes: readonly Node[],
  tensors: ReadonlyMap<string, Tensor>,
  inputs: readonly string[],
): ReadonlyMap<string, Layout> {
  const layouts = new Map<string, Layout>();
  const set = (name: string | undefined, layout: Layout | undefined): void => {
    if (name === undefined || layout === undefined || layouts.has(name)) return;
    const tensor = tensors.get(name);
    if (tensor === undefined || tensor.kind === 'constant') return;
    if (tensor.shape?.length === layout.length) layouts.set(name, layout);
  };
  const rankOf = (name: string | undefined) => tensors.get(name ?? '')?.shape?.length ?? 0;
  for (const { op, inputs: read, outputs } of nodes) {
    if (opRow(op).axes !== 'image') continue;
    set(read[0], CHANNELS_FIRST[rankOf(read[0])]);
    set(outputs[0], CHANNELS_FIRST[rankOf(outputs[0])]);
  }
  for (const input of inputs) set(input, imageInput(tensors.get(input)));
  const forwards = (): void => {
    for (const node of nodes) carryLayout(node, true, layouts, set);
  };
  forwards();
  for (const node of nodes.toReversed()) carryLayout(node, false, layouts, set);
  forwards();
  return layouts;
}

/** A 4-D input of 1, 3 or 4 channels is an image. */
function imageInput(input: Tensor | undefined): Layout | undefined {
  const shape = input?.shape;
  if (shape?.length !== 4) return undefined;
  const isChannels = (extent: number | undefined): boolean =>
    extent === 1 || extent === 3 || extent === 4;
  if (isChannels(shape[1])) return 'NCHW';
  return isChannels(shape[3]) ? 'NHWC' : undefined;
}

function carryLayout(
  node: Node,
  forwards: boolean,
  layouts: ReadonlyMap<string, Layout>,
  set: (name: string | undefined, layout: Layout | undefined) => void,
): void {
  const { axes } = opRow(node.op);
  if (axes === 'opaque') return;
  const [from, to] = forwards ? [node.inputs, node.outputs] : [node.outputs, node.inputs];
  const known = from.find((name) => layouts.has(name));
  const layout = known === undefined ? undefined : layouts.get(known);
  if (layout === undefined) return;
  if (axes === 'permuted') {
    if (node.op === 'transpose') set(to[0], permute(layout, node.attributes.perm, forwards));
  } else if (axes !== 'features' || layout === CHANNELS_LAST[layout.length]) {
    for (const name of to) set(name, layout);
  }
}

/** The layout behind a transposition, or before it; undefined if it is not one of the two known orders. */
function permute(layout: Layout, perm: readonly number[], forwards: boolean): Layout | undefined {
  const letters = perm.map((from, axis) => layout[forwards ? from : perm.indexOf(axis)]).join('');
  const known = [CHANNELS_FIRST[layout.length], CHANNELS_LAST[layout.length]];
  return known.find((candidate) => candidate === letters);
}
