import { roundUp, saturating } from './arithmetic.ts';
import { ACTIVATION, type KernelDescription, macsOf } from './kernel-description.ts';
import { KIND } from './kernel-kind.ts';
import { type TermTable, termBlocks } from './terms.ts';
import { planTiles, type TilePlan } from './tile-plan.ts';

/*
 * Myriad X: convolutions on a fixed-function unit (see tile-plan.ts), the rest on vector processors.
 * O, I: pixels written, read; padded: rows rounded up to 8 columns; E: padded elements; k: window side.
 */
const DWCONV_TERMS = [
  'O c k^2',
  'padded O c',
  'padded I c',
  'O c k',
  'c',
  'ho c',
  'k^2 c',
  '1',
] as const;

/**
 * A stage on the vector processors: its start, padded elements read and written, rows of a channel read and written.
 * They cost the same whatever the stage computes, but for the operations an element.
 */
const STAGE_TERMS = ['stages', 'padded elements', 'rows'] as const;
const STAGES = ['add', 'bn', 'relu', 'hswish', 'fusedHswish', 'split', 'channelshuffle'] as const;

/** A hard swish adds, clips and multiplies where other stages do one operation. */
const HSWISH_OPERATIONS = 2;

/** Of 16 bits each; a shuffle's input and output share them. */
const ON_CHIP_ELEMENTS = 288 * 1024;

const { names, start } = termBlocks({
  conv: [
    'cycles',
    'pixels * descriptors',
    'descriptors',
    's>1 cycles',
    'weights * spatial tiles',
    'weights of a channel tile * spatial tiles',
    'input read',
    'output',
    'spatial tiles - 1',
    '(channel tiles - 1) sat(output, 3e5)',
    'spatial tiles: (channel tiles - 1) ho co',
    'spatial tiles (channel tiles - 1)',
    'junk: spatial tiles co',
    'copied',
    'expanded',
    'expanded for channel tiles',
    'bn, activation none: output',
    '1',
  ],
  software: ['MACs', 'O co', '1'],
  dwconv1: DWCONV_TERMS,
  dwconv2: DWCONV_TERMS,
  dwconvPoint: DWCONV_TERMS,
  fc: ['ci co', 'ci + co', '1'],
  pool: ['padded (I + O) c', 'O c k^2', '1'],
  add: STAGE_TERMS,
  bn: STAGE_TERMS,
  relu: STAGE_TERMS,
  concat: ['1', 'E'],
  hswish: STAGE_TERMS,
  fusedHswish: STAGE_TERMS,
  channelshuffle: [...STAGE_TERMS, 'I c', 'E beyond on-chip memory'],
  split: STAGE_TERMS,
  se: ['1', 'E', 'c mid', 'c', 'relu E'],
  relu6: ['E'],
});

/** Plans depend on few numbers and are asked for again and again; the oldest are dropped beyond the limit. */
const PLANS = new Map<string, TilePlan | undefined>();
const MOST_PLANS = 50_000;

/** The tile plan of a convolution kernel; remembered per configuration. */
export function tilePlanOf(kernel: KernelDescription): TilePlan | undefined {
  const k = kernel;
  if (k.kernelDepth > 1 || k.dilation > 1) return undefined;
  const channels = k.channels / k.groups;
  const outChannels = k.outChannels / k.groups;
  const key = `${k.width},${k.height},${channels},${k.outWidth},${k.outHeight},${outChannels},${k.kernelWidth},${k.kernelHeight},${k.strideWidth},${k.strideHeight},${k.pooled}`;
  let plan = PLANS.get(key);
  if (plan === undefined && !PLANS.has(key)) {
    plan = planTiles({
      width: k.width,
      height: k.height,
      channels,
      outWidth: k.outWidth,
      outHeight: k.outHeight,
      outChannels,
      kernelWidth: k.kernelWidth,
      kernelHeight: k.kernelHeight,
      strideWidth: k.strideWidth,
      strideHeight: k.strideHeight,
      pooled: k.pooled === 1,
    });
    if (PLANS.size >= MOST_PLANS) PLANS.clear();
    PLANS.set(key, plan);
  }
  return plan;
}

export const vpuTerms: TermTable = {
  names,
  alike: [
    ...STAGE_TERMS.map((_, offset) => STAGES.map((stage) => start[stage] + offset)),
    // Multiply-accumulates of the vector processors.
    [start.dwconv1, start.dwconv2, start.dwconvPoint, start.software],
  ],
  fill(kernel: KernelDescription, out: Float64Array): void {
    const k = kernel;
    const outRows = k.batch * k.outDepth * k.outHeight;
    const inRows = k.batch * k.depth * k.height;
    const outPixels = outRows * k.outWidth;
    const window = k.kernelDepth * k.kernelHeight * k.kernelWidth;
    const side = Math.sqrt(k.kernelHeight * k.kernelWidth);
    const stride = Math.max(k.strideHeight, k.strideWidth);
    const outputs = outPixels * k.outChannels;
    const paddedIn = inRows * roundUp(k.width, 8) * k.channels;
    const paddedOut = outRows * roundUp(k.outWidth, 8) * k.outChannels;
    // Rows run along the width, or along the channels of a single pixel.
    const rowIn = k.depth * k.height * k.width === 1 ? k.channels : k.width;
    const rowOut = k.outDepth * k.outHeight * k.outWidth === 1 ? k.outChannels : k.outWidth;
    const rowsIn = k.inputElements / Math.max(1, rowIn);
    const rowsOut = k.outputElements / Math.max(1, rowOut);
    const moved = rowsIn * roundUp(rowIn, 8) + rowsOut * roundUp(rowOut, 8);
    const putStage = (at: number, stages = 1, elements = moved, rows = rowsIn + rowsOut): void => {
      out[at] = stages;
      out[at + 1] = elements;
      out[at + 2] = rows;
    };
    switch (k.kind) {
      case KIND.conv: {
        const plan = tilePlanOf(k);
        if (plan === undefined) {
          out[start.software] = macsOf(k);
          out[start.software + 1] = outputs;
          out[start.software + 2] = 1;
          break;
        }
        const runs = k.batch * k.depth * k.groups * plan.pieces;
        const tiles = plan.widthTiles * plan.heightTiles;
        const sums = runs * (plan.channelTiles - 1);
        const outChannels = k.outChannels / (k.groups * plan.pieces);
        const weights = runs * window * (k.channels / k.groups) * outChannels * tiles;
        let at = start.conv;
        out[at++] = runs * plan.cycles;
        out[at++] = runs * plan.pixels * plan.descriptors;
        out[at++] = runs * plan.descriptors * tiles * plan.channelTiles;
        out[at++] = stride > 1 ? runs * plan.cycles : 0;
        out[at++] = weights;
        out[at++] = tiles > 1 && sums > 0 ? weights / plan.channelTiles : 0;
        out[at++] = runs * plan.inputRead;
        out[at++] = outputs;
        out[at++] = runs * (tiles - 1);
        out[at++] = sums * saturating(outputs / runs, 3e5);
        out[at++] = tiles > 1 ? sums * k.outHeight * outChannels : 0;
        out[at++] = sums * tiles;
        out[at++] = plan.junk ? runs * tiles * outChannels : 0;
        out[at++] = runs * plan.copied;
        out[at++] = runs * plan.expanded;
        out[at++] = sums > 0 ? runs * plan.expanded : 0;
        out[at++] = k.activation === ACTIVATION.none ? outputs : 0;
        out[at] = runs;
        break;
      }
      case KIND.dwconv: {
        let at = window === 1 ? start.dwconvPoint : stride > 1 ? start.dwconv2 : start.dwconv1;
        out[at++] = outputs * window;
        out[at++] = paddedOut;
        out[at++] = inRows * roundUp(k.width, 8) * k.outChannels;
        out[at++] = outputs * side;
        out[at++] = k.batch * k.outChannels;
        out[at++] = outRows * k.outChannels;
        out[at++] = k.batch * window * k.outChannels;
        out[at] = 1;
        break;
      }
      case KIND.fc:
        out[start.fc] = outPixels * k.channels * k.outChannels;
        out[start.fc + 1] = outPixels * (k.channels + k.outChannels);
        out[start.fc + 2] = 1;
        break;
      case KIND.maxpool:
      case KIND.avgpool:
      case KIND.gap:
        out[start.pool] = paddedIn + paddedOut;
        out[start.pool + 1] = outputs * (k.kind === KIND.gap ? k.height * k.width : window);
        out[start.pool + 2] = 1;
        break;
      case KIND.add:
        putStage(start.add);
        break;
      case KIND.bn:
        putStage(start.bn);
        break;
      case KIND.relu:
        putStage(start.relu);
        break;
      case KIND.concat:
        out[start.concat] = 1;
        out[start.concat + 1] = paddedOut;
        break;
      case KIND.hswish:
        putStage(start.hswish, 1, HSWISH_OPERATIONS * moved);
        break;
      case KIND.channelshuffle:
        putStage(start.channelshuffle);
        out[start.channelshuffle + 3] = k.inputElements;
        out[start.channelshuffle + 4] = Math.max(0, paddedIn - ON_CHIP_ELEMENTS / 2);
        break;
      case KIND.split:
        putStage(start.split, k.outChannels > 0 ? k.channels / k.outChannels : 1);
        break;
      case KIND.se:
        out[start.se] = 1;
        out[start.se + 1] = paddedIn;
        out[start.se + 2] = k.batch * k.channels * k.inner;
        out[start.se + 3] = k.batch * k.channels;
        out[start.se + 4] = k.activation === ACTIVATION.none ? 0 : paddedIn;
        break;
      default:
    }
    if (k.kind === KIND.conv || k.kind === KIND.dwconv) {
      if (k.activation === ACTIVATION.hswish) {
        const through = 2 * rowsOut;
        putStage(start.fusedHswish, 1, HSWISH_OPERATIONS * through * roundUp(rowOut, 8), through);
      } else if (k.activation === ACTIVATION.relu6) out[start.relu6] = paddedOut;
    }
  },
};
