import { roundUp } from './arithmetic.ts';
import { type Axis, cutAxis, paddingOf, type Span } from './tile-axis.ts';

/**
 * How the fixed-function convolution unit of Myriad X is driven. Limits and costs are those of OpenVINO's open compiler,
 * release 2019 R2, unless said otherwise below:
 * https://github.com/openvinotoolkit/openvino/tree/2019_R2/inference-engine/src/vpu/graph_transformer
 * (include/vpu/hw/tiling.hpp for the numbers, src/hw/tiling.cpp for the descriptors). A convolution may first be split into `pieces` of output channels; each is cut into
 * tiles of input channels, width and height, and a tile needs descriptors that process `block` input channels at a time
 * in one of five modes (2^mode blocks side by side). Sums are those of one piece.
 */
export interface TilePlan {
  readonly pieces: number;
  readonly channelTiles: number;
  readonly widthTiles: number;
  readonly heightTiles: number;
  /** Mode of the first tile. */
  readonly mode: number;
  /** Descriptors over output channels. */
  readonly descriptors: number;
  /** Sum over tiles of clock cycles a pixel times pixels, junk rows and columns included. */
  readonly cycles: number;
  /** Pixels of all spatial tiles with junk, once per channel tile. */
  readonly pixels: number;
  /** Input elements read by all tiles, halos included. */
  readonly inputRead: number;
  /** Whether tiles compute junk rows or columns that must be cut off. */
  readonly junk: boolean;
  /** Output elements copied because a tile's output does not start on a multiple of 8 columns. */
  readonly copied: number;
  /** Input elements copied into a tensor with more channels because the blocks of the last channel tile exceed it. */
  readonly expanded: number;
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
  /** Whether only a pooling reads the result. */
  readonly pooled: boolean;
}

/** 1, 2, 4, 8 or 16 blocks side by side. */
const MODES = 5;
const MAX_BLOCKS = 2 ** (MODES - 1);
/** Of a descriptor, by mode; in cycles a pixel, as the compiler counts. */
const SETUP_CYCLES = [0, 5, 11, 19, 31] as const;
const MAX_CHANNELS = 2048;
const COEFFICIENTS_PER_BLOCK = 256;
/** Of all blocks together. */
const OUTPUT_CHANNELS = 256;
/** Buffer of the rows that a tile's window covers; all blocks share it. */
const LINE_BUFFER_BYTES = 128 * 1024;
/** float16 */
const BYTES = 2;
/** Rows start on 16 bytes. */
const COLUMN_ALIGNMENT = 8;
const MAX_TILES = 15;
const MAX_WINDOW = 15;
const MAX_STRIDE = 8;
/**
 * Of these three the source is the benchmark: with them the measured totals of networks follow the cycles of the plan.
 * On-chip memory that a tile's output must fit, least width that is cut, and the pieces of output that is pooled next.
 */
const OUTPUT_BYTES = 576 * 1024;
const MIN_TILE_WIDTH = 64;
const POOLED_PIECE_CHANNELS = [128, 64, 32] as const;

interface TileMode {
  mode: number;
  descriptors: number;
  /** Cycles a pixel. */
  cost: number;
  /** Input channels rounded up to the blocks. */
  extended: number;
}

function cheapestMode(
  conv: ConvolutionExtents,
  channels: number,
  width: number,
  height: number,
): TileMode | undefined {
  const taps = conv.kernelWidth * conv.kernelHeight;
  const neededLines = Math.min(
    conv.kernelHeight + conv.strideHeight + 2 + (width <= COLUMN_ALIGNMENT ? 1 : 0),
    height,
  );
  let best: TileMode | undefined;
  for (let mode = 0; mode < MODES; mode++) {
    const blocks = 2 ** mode;
    const extended = roundUp(channels, blocks);
    const perBlock = extended / blocks;
    if (extended > MAX_CHANNELS || perBlock * taps > COEFFICIENTS_PER_BLOCK) continue;
    const lineBytes = BYTES * roundUp(width, COLUMN_ALIGNMENT);
    if (Math.floor((LINE_BUFFER_BYTES >> mode) / perBlock / lineBytes) < neededLines) continue;
    const outChannels = Math.min(OUTPUT_CHANNELS / blocks, roundUp(conv.outChannels, 8));
    const descriptors = Math.ceil(conv.outChannels / outChannels);
    const cost = descriptors * (perBlock * taps + SETUP_CYCLES[mode]!);
    if (
      best === undefined ||
      cost < best.cost ||
      (cost === best.cost && descriptors < best.descriptors)
    )
      best = { mode, descriptors, cost, extended };
  }
  return best;
}

type Candidate = Omit<TilePlan, 'pieces'> & { cost: number };

function planWith(
  conv: ConvolutionExtents,
  channelTiles: number,
  columns: readonly Span[],
  rows: readonly Span[],
): Candidate | undefined {
  const channels = Math.ceil(conv.channels / channelTiles);
  let first: TileMode | undefined;
  let [cycles, pixels, inputRead, copied, cost] = [0, 0, 0, 0, 0];
  for (const row of rows) {
    for (const column of columns) {
      const outputBytes =
        BYTES * roundUp(column.written, COLUMN_ALIGNMENT) * row.written * conv.outChannels;
      if (outputBytes > OUTPUT_BYTES) return undefined;
      const tile = cheapestMode(conv, channels, column.read, row.read);
      if (tile === undefined) return undefined;
      first ??= tile;
      const tilePixels = column.written * row.written;
      cycles += tile.cost * tilePixels * channelTiles;
      pixels += tilePixels * channelTiles;
      inputRead += column.read * row.read * conv.channels;
      // The compiler weighs cycles a pixel, not cycles, against elements: it avoids channel tiles at nearly any price.
      cost += tile.cost * channelTiles + (channelTiles - 1) * tilePixels * conv.outChannels;
      if (column.from % COLUMN_ALIGNMENT !== 0) {
        copied += column.outputs * row.outputs * conv.outChannels;
        cost += tilePixels * conv.outChannels;
      }
    }
  }
  if (first === undefined) return undefined;
  const extended = (channelTiles - 1) * channels + first.extended;
  return {
    channelTiles,
    widthTiles: columns.length,
    heightTiles: rows.length,
    mode: first.mode,
    descriptors: first.descriptors,
    cycles,
    pixels,
    inputRead,
    junk: pixels > conv.outWidth * conv.outHeight * channelTiles,
    copied,
    expanded: extended > conv.channels ? conv.width * conv.height * conv.channels : 0,
    cost,
  };
}

/** Output that overflows the on-chip memory and is pooled next is computed in pieces of channels that fit, if they divide it. */
function piecesOf(conv: ConvolutionExtents): number {
  const plane = BYTES * roundUp(conv.outWidth, COLUMN_ALIGNMENT) * conv.outHeight;
  if (!conv.pooled || plane * conv.outChannels <= OUTPUT_BYTES) return 1;
  const channels = POOLED_PIECE_CHANNELS.find(
    (size) => conv.outChannels % size === 0 && plane * size <= OUTPUT_BYTES,
  );
  return channels === undefined ? 1 : conv.outChannels / channels;
}

/** Tile inputs along an axis cut into `tiles`, a multiple of the stride; 0 if they are too small. */
function tileInputOf(input: number, stride: number, tiles: number, least: number): number {
  if (tiles === 1) return input;
  const tileInput = roundUp(Math.ceil(input / tiles), stride);
  return tileInput < least ? 0 : tileInput;
}

/** The plan the compiler takes, or undefined if the unit cannot run the convolution and software must. */
export function planTiles(whole: ConvolutionExtents): TilePlan | undefined {
  if (
    Math.max(whole.kernelWidth, whole.kernelHeight) > MAX_WINDOW ||
    Math.max(whole.strideWidth, whole.strideHeight) > MAX_STRIDE ||
    Math.min(whole.strideWidth, whole.strideHeight) < 1
  )
    return undefined;
  const pieces = piecesOf(whole);
  const conv = { ...whole, outChannels: whole.outChannels / pieces };
  const horizontal: Axis = {
    input: conv.width,
    output: conv.outWidth,
    kernel: conv.kernelWidth,
    stride: conv.strideWidth,
    alignment: COLUMN_ALIGNMENT,
  };
  const vertical: Axis = {
    input: conv.height,
    output: conv.outHeight,
    kernel: conv.kernelHeight,
    stride: conv.strideHeight,
    alignment: 1,
  };
  if (Math.max(paddingOf(horizontal), paddingOf(vertical)) > 2 * MAX_WINDOW) return undefined;
  const outputs = conv.outWidth * conv.outHeight * conv.outChannels;
  let best: Candidate | undefined;
  for (let channelTiles = 1; channelTiles <= MAX_TILES; channelTiles++) {
    if (best !== undefined && (channelTiles - 1) * outputs >= best.cost) break;
    const leastPerBlock = Math.ceil(Math.ceil(conv.channels / channelTiles) / MAX_BLOCKS);
    if (leastPerBlock * conv.kernelWidth * conv.kernelHeight > COEFFICIENTS_PER_BLOCK) continue;
    for (let widthTiles = 1; widthTiles <= MAX_TILES; widthTiles++) {
      const tileWidth = tileInputOf(conv.width, conv.strideWidth, widthTiles, MIN_TILE_WIDTH);
      const columns = tileWidth === 0 ? undefined : cutAxis(horizontal, tileWidth);
      if (columns === undefined) break;
      for (let heightTiles = 1; heightTiles <= MAX_TILES; heightTiles++) {
        const tileHeight = tileInputOf(
          conv.height,
          conv.strideHeight,
          heightTiles,
          conv.kernelHeight,
        );
        if (tileHeight === 0) break;
        const rows = cutAxis(vertical, tileHeight);
        const plan = rows && planWith(conv, channelTiles, columns, rows);
        if (plan === undefined) continue;
        if (best === undefined || plan.cost < best.cost) best = plan;
        break;
      }
    }
  }
  return best && { pieces, ...best };
}
