import { roundUp } from './arithmetic.ts';

/**
 * How the fixed-function convolution unit of Myriad X is driven (OpenVINO 2019). A convolution is cut into tiles of
 * input channels (`channelTiles`), width and height, each of which needs descriptors that process
 * `block` input channels at a time in one of five modes (2^mode blocks side by side).
 */
export interface TilePlan {
  readonly channelTiles: number;
  readonly widthTiles: number;
  readonly heightTiles: number;
  /** Mode of the first tile. */
  readonly mode: number;
  /** Descriptors over output channels. */
  readonly descriptors: number;
  /** Sum over tiles of clock cycles a pixel times pixels, junk rows and columns included. */
  readonly cycles: number;
  /** Pixels of all spatial tiles including halos, once per channel tile. */
  readonly pixels: number;
  /** Input elements read by all tiles, halos included. */
  readonly inputRead: number;
  /** Input elements copied because a tile does not start on a multiple of 8 columns. */
  readonly copied: number;
  readonly cost: number;
}

export interface ConvolutionExtents {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly outWidth: number;
  readonly outHeight: number;
  readonly outChannels: number;
  readonly kernelWidth: number;
  readonly kernelHeight: number;
  readonly strideWidth: number;
  readonly strideHeight: number;
}

const MODES = 5;
const SETUP_CYCLES = [0, 5, 11, 19, 31] as const;
const MAX_CHANNELS = 2048;
const COEFFICIENTS_PER_BLOCK = 256;
const OUTPUT_CHANNELS = 256;
const LINE_BUFFER_BYTES = 131072;
const OUTPUT_BYTES = 576 * 1024;
/** Outputs of a multiple of this many channels go straight to DRAM, so that their size does not matter. */
const DIRECT_OUTPUT_CHANNELS = 32;
const MAX_SPATIAL_TILES = 15;
const MIN_TILE_WIDTH = 64;
const MAX_WINDOW = 15;
const MAX_STRIDE = 8;
const BYTES = 2;

interface TileMode {
  mode: number;
  descriptors: number;
  /** Cycles a pixel. */
  cost: number;
}

function cheapestMode(
  conv: ConvolutionExtents,
  channels: number,
  width: number,
  height: number,
): TileMode | undefined {
  const taps = conv.kernelWidth * conv.kernelHeight;
  const neededLines = Math.min(
    conv.kernelHeight + conv.strideHeight + 2 + (width <= 8 ? 1 : 0),
    height,
  );
  let best: TileMode | undefined;
  for (let mode = 0; mode < MODES; mode++) {
    const blocks = 2 ** mode;
    const extended = roundUp(channels, blocks);
    const perBlock = extended / blocks;
    if (extended > MAX_CHANNELS || perBlock * taps > COEFFICIENTS_PER_BLOCK) continue;
    const lines = Math.floor((LINE_BUFFER_BYTES >> mode) / perBlock / (BYTES * roundUp(width, 8)));
    if (Math.min(lines, height) < neededLines) continue;
    const outChannels = Math.min(OUTPUT_CHANNELS / blocks, roundUp(conv.outChannels, 8));
    const descriptors = Math.ceil(conv.outChannels / outChannels);
    const cost = descriptors * (perBlock * taps + SETUP_CYCLES[mode]!);
    if (
      best === undefined ||
      cost < best.cost ||
      (cost === best.cost && descriptors < best.descriptors)
    )
      best = { mode, descriptors, cost };
  }
  return best;
}

interface Span {
  /** Input columns or rows read. */
  read: number;
  /** Output positions computed, junk included. */
  written: number;
  /** Input positions before the tile that had to be read for alignment. */
  unaligned: number;
}

/** Cuts an axis into tiles of nearly equal output; `align` is the multiple on which reads start. */
function cutAxis(
  input: number,
  output: number,
  kernel: number,
  stride: number,
  tiles: number,
  align: number,
): Span[] {
  const pad = Math.max(0, Math.floor(((output - 1) * stride + kernel - input) / 2));
  const step = Math.ceil(output / tiles);
  const spans: Span[] = [];
  for (let from = 0; from < output; from += step) {
    const to = Math.min(output, from + step);
    const begin = Math.max(0, from * stride - pad);
    const end = Math.min(input, (to - 1) * stride + kernel - pad);
    const aligned = Math.floor(begin / align) * align;
    const read = Math.max(end - aligned, 1);
    spans.push({
      read,
      written: tiles === 1 ? output : Math.ceil(read / stride),
      unaligned: begin - aligned,
    });
  }
  return spans;
}

function planWith(
  conv: ConvolutionExtents,
  channelTiles: number,
  columns: readonly Span[],
  rows: readonly Span[],
): TilePlan | undefined {
  const channels = Math.ceil(conv.channels / channelTiles);
  let mode = -1;
  let descriptors = 0;
  let cycles = 0;
  let pixels = 0;
  let inputRead = 0;
  let copied = 0;
  for (const column of columns) {
    for (const row of rows) {
      const outputBytes = BYTES * roundUp(column.written, 8) * row.written * conv.outChannels;
      if (outputBytes > OUTPUT_BYTES && conv.outChannels % DIRECT_OUTPUT_CHANNELS !== 0)
        return undefined;
      const tile = cheapestMode(conv, channels, column.read, row.read);
      if (tile === undefined) return undefined;
      if (mode < 0) {
        mode = tile.mode;
        descriptors = tile.descriptors;
      }
      const tilePixels = column.written * row.written;
      cycles += tile.cost * tilePixels * channelTiles;
      pixels += tilePixels * channelTiles;
      inputRead += column.read * row.read * conv.channels;
      if (column.unaligned > 0) copied += column.read * row.read * conv.channels;
    }
  }
  const output = conv.outWidth * conv.outHeight * conv.outChannels;
  return {
    channelTiles,
    widthTiles: columns.length,
    heightTiles: rows.length,
    mode,
    descriptors,
    cycles,
    pixels,
    inputRead,
    copied,
    cost: cycles + copied + (channelTiles - 1) * output,
  };
}

/** The cheapest plan, or undefined if the unit cannot run the convolution and software must. */
export function planTiles(conv: ConvolutionExtents): TilePlan | undefined {
  if (
    Math.max(conv.kernelWidth, conv.kernelHeight) > MAX_WINDOW ||
    Math.max(conv.strideWidth, conv.strideHeight) > MAX_STRIDE
  )
    return undefined;
  let best: TilePlan | undefined;
  const taps = conv.kernelWidth * conv.kernelHeight;
  const capacity = 16 * Math.floor(COEFFICIENTS_PER_BLOCK / taps);
  if (capacity === 0) return undefined;
  const channelTiles = Math.ceil(conv.channels / Math.min(capacity, MAX_CHANNELS));
  for (let widthTiles = 1; widthTiles <= MAX_SPATIAL_TILES; widthTiles++) {
    if (widthTiles > 1 && conv.outWidth / widthTiles < MIN_TILE_WIDTH) break;
    const columns = cutAxis(
      conv.width,
      conv.outWidth,
      conv.kernelWidth,
      conv.strideWidth,
      widthTiles,
      8,
    );
    for (let heightTiles = 1; heightTiles <= MAX_SPATIAL_TILES; heightTiles++) {
      if (heightTiles > conv.outHeight) break;
      const rows = cutAxis(
        conv.height,
        conv.outHeight,
        conv.kernelHeight,
        conv.strideHeight,
        heightTiles,
        1,
      );
      const plan = planWith(conv, channelTiles, columns, rows);
      if (plan === undefined) continue;
      if (best === undefined || plan.cost < best.cost) best = plan;
      break;
    }
  }
  return best;
}
