import { roundUp } from './arithmetic.ts';
import { type KernelDescription, strideOf } from './kernel-description.ts';
import { KIND } from './kernel-kind.ts';
import type { TilePlan } from './tile-plan.ts';
import { tilePlanOf } from './tile-plans.ts';

/** The quantities that the VPU's terms are made of; one object that {@link vpuQuantitiesOf} fills again and again. */
const quantities = {
  kernel: {} as KernelDescription,
  /** O: pixels written, of all images of the batch. */
  outPixels: 0,
  /** ho: rows written. */
  outRows: 0,
  /** k^2: pixels of the window. */
  window: 0,
  /** k: its side. */
  side: 0,
  stride: 0,
  /** O c: elements written. */
  outputs: 0,
  /** padded I c: elements read, rows rounded up to 8 columns. */
  paddedIn: 0,
  /** padded O c: elements written, rows rounded up to 8 columns. */
  paddedOut: 0,
  /** Rows read and written by a stage; they run along the width, or along the channels of a single pixel. */
  rows: 0,
  /** Their elements, each row rounded up to 8. */
  rowElements: 0,
  /** Rows written. */
  rowsOut: 0,
  /** Their elements, each row rounded up to 8. */
  rowElementsOut: 0,
  /** Of a convolution; undefined if the fixed-function unit cannot run it. */
  plan: undefined as TilePlan | undefined,
  /** How often the plan is run: by image, slice, group and piece of output channels. */
  runs: 0,
  /** Tiles of one run's image. */
  tiles: 0,
  /** Software sums over channel tiles, of all runs. */
  sums: 0,
  /** Output channels of a run. */
  runChannels: 0,
  /** Weights loaded by all runs, once a tile. */
  weights: 0,
};
export type VpuQuantities = typeof quantities;

export function vpuQuantitiesOf(k: KernelDescription): VpuQuantities {
  const q = quantities;
  const inRows = k.batch * k.depth * k.height;
  q.kernel = k;
  q.outRows = k.batch * k.outDepth * k.outHeight;
  q.outPixels = q.outRows * k.outWidth;
  q.window = k.kernelDepth * k.kernelHeight * k.kernelWidth;
  q.side = Math.sqrt(k.kernelHeight * k.kernelWidth);
  q.stride = strideOf(k);
  q.outputs = q.outPixels * k.outChannels;
  q.paddedIn = inRows * roundUp(k.width, 8) * k.channels;
  q.paddedOut = q.outRows * roundUp(k.outWidth, 8) * k.outChannels;
  const rowIn = k.depth * k.height * k.width === 1 ? k.channels : k.width;
  const rowOut = k.outDepth * k.outHeight * k.outWidth === 1 ? k.outChannels : k.outWidth;
  const rowsIn = k.inputElements / Math.max(1, rowIn);
  q.rowsOut = k.outputElements / Math.max(1, rowOut);
  q.rowElementsOut = q.rowsOut * roundUp(rowOut, 8);
  q.rows = rowsIn + q.rowsOut;
  q.rowElements = rowsIn * roundUp(rowIn, 8) + q.rowElementsOut;
  q.plan = k.kind === KIND.conv ? tilePlanOf(k) : undefined;
  if (q.plan !== undefined) readPlan(q, q.plan);
  return q;
}

function readPlan(q: VpuQuantities, plan: TilePlan): void {
  const k = q.kernel;
  q.runs = k.batch * k.depth * k.groups * plan.pieces;
  q.tiles = plan.widthTiles * plan.heightTiles;
  q.sums = q.runs * (plan.channelTiles - 1);
  q.runChannels = k.outChannels / (k.groups * plan.pieces);
  q.weights = q.runs * q.window * (k.channels / k.groups) * q.runChannels * q.tiles;
}
