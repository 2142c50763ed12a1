import { type Layout, opRow } from '@nnmeter/ir';
import type { Entry } from './entry.ts';
import type { InferredNodes } from './inferred-nodes.ts';
import { CHANNELS_FIRST } from './settle-shapes.ts';

const CHANNELS_LAST: Readonly<Record<number, Layout>> = { 3: 'NWC', 4: 'NHWC', 5: 'NDHWC' };

/**
 * Finds which activations are images and in which axis order: starts at ops that fix it and at 4-D inputs, then carries
 * it along ops that keep the axes, forwards, backwards and forwards again.
 */
export function findLayouts(nodes: InferredNodes, inputs: readonly Entry[]): void {
  for (let node = 0; node < nodes.count; node++) {
    if (opRow(nodes.computations[node]!.op).axes !== 'image') continue;
    const [input] = nodes.inputs(node);
    const [output] = nodes.outputs(node);
    setLayout(input, CHANNELS_FIRST[input?.knownShape?.length ?? 0]);
    setLayout(output, CHANNELS_FIRST[output?.knownShape?.length ?? 0]);
  }
  for (const input of inputs) setLayout(input, imageInput(input));
  for (let node = 0; node < nodes.count; node++) carryLayout(nodes, node, true);
  for (let node = nodes.count - 1; node >= 0; node--) carryLayout(nodes, node, false);
  for (let node = 0; node < nodes.count; node++) carryLayout(nodes, node, true);
}

function setLayout(entry: Entry | undefined, layout: Layout | undefined): void {
  if (entry === undefined || layout === undefined || entry.layout !== undefined) return;
  if (entry.kind !== 'constant' && entry.knownShape?.length === layout.length)
    entry.layout = layout;
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

function carryLayout(nodes: InferredNodes, node: number, forwards: boolean): void {
  const { op, attributes } = nodes.computations[node]!;
  const { axes } = opRow(op);
  if (axes === 'opaque') return;
  const layout = activationLayout(forwards ? nodes.inputs(node) : nodes.outputs(node));
  if (layout === undefined) return;
  const to = forwards ? nodes.outputs(node) : nodes.inputs(node);
  if (axes === 'permuted' && 'perm' in attributes) {
    setLayout(to[0], permute(layout, attributes.perm as readonly number[], forwards));
  } else if (axes !== 'features' || layout === CHANNELS_LAST[layout.length]) {
    for (const entry of to) setLayout(entry, layout);
  }
}

/** The layout of the first tensor that is no constant and has one. */
function activationLayout(entries: readonly (Entry | undefined)[]): Layout | undefined {
  for (const entry of entries) {
    if (entry?.layout !== undefined && entry.kind !== 'constant') return entry.layout;
  }
  return undefined;
}

/** The layout behind a transposition, or before it; undefined if it is not one of the two known orders. */
function permute(layout: Layout, perm: readonly number[], forwards: boolean): Layout | undefined {
  const letters = perm.map((from, axis) => layout[forwards ? from : perm.indexOf(axis)]).join('');
  const known = [CHANNELS_FIRST[layout.length], CHANNELS_LAST[layout.length]];
  return known.find((candidate) => candidate === letters);
}
