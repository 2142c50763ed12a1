import { roundUp } from './arithmetic.ts';
import { ACTIVATION, type KernelDescription } from './kernel-description.ts';
import { KIND } from './kernel-kind.ts';
import { type TermTable, termBlocks } from './terms.ts';

/*
 * A mobile GPU that keeps channels in texels of four (TFLite GPU delegate).
 * Average pooling was measured with 2x2 windows only; it shares the terms of max pooling, which was measured with others.
 * c4: channels rounded up to 4; O, I: pixels written, read; O2: pixels with sides rounded up to 2; k: window side.
 */
const DWCONV_TERMS = ['O c4 k^2', 'O c4', 'I c4', 'k^2'] as const;

const { names, start } = termBlocks({
  launch: ['1'],
  conv: [
    'O ci4 co4 k^2',
    'O2 ci4 co8 k^2',
    '1x1 O2 ci4 co8',
    'k>1 O2 ci4 co8 k^2',
    'O2 ci4 k^2',
    'K co',
    'O co4',
    'I ci4',
    'k^2 ci4',
    's>1 O2 ci4 co8 k^2',
    '1x1 ci4',
  ],
  dwconv3: DWCONV_TERMS,
  dwconv1: DWCONV_TERMS,
  dwconv2: DWCONV_TERMS,
  pool: ['I c4', 'O c4 k^2'],
  gap: ['I c4', 'c4'],
  add: ['I c4', 'fused I c4'],
  bn: ['I c4'],
  concat: ['O c4', 'misaligned', '1'],
  se: ['1', 'I c4', 'c mid', 'relu6 O c4'],
  hswish: ['I c4', 'fused O c4'],
  shuffle: ['I c4'],
});

export const gpuTerms: TermTable = {
  names,
  fill(kernel: KernelDescription, out: Float64Array): void {
    const k = kernel;
    const outPixels = k.batch * k.outDepth * k.outHeight * k.outWidth;
    const inPixels = k.batch * k.depth * k.height * k.width;
    const evenPixels = k.batch * k.outDepth * roundUp(k.outHeight, 2) * roundUp(k.outWidth, 2);
    const window = k.kernelDepth * k.kernelHeight * k.kernelWidth;
    const channels4 = roundUp(k.channels, 4);
    const outChannels4 = roundUp(k.outChannels, 4);
    const inputs = inPixels * channels4;
    const outputs = outPixels * outChannels4;
    out[start.launch] = k.kind === KIND.fc ? 0 : 1;
    switch (k.kind) {
      case KIND.conv: {
        const groupIn4 = roundUp(k.channels / k.groups, 4);
        const rows = groupIn4 * window;
        const work = k.groups * evenPixels * rows * roundUp(k.outChannels / k.groups, 8);
        let at = start.conv;
        out[at++] = k.groups * outPixels * rows * roundUp(k.outChannels / k.groups, 4);
        out[at++] = work;
        out[at++] = window === 1 ? work : 0;
        out[at++] = window > 1 ? work : 0;
        out[at++] = k.groups * evenPixels * rows;
        out[at++] = (window * k.channels * k.outChannels) / k.groups;
        out[at++] = outputs;
        out[at++] = inputs;
        out[at++] = rows;
        out[at++] = Math.max(k.strideHeight, k.strideWidth) > 1 ? work : 0;
        out[at] = window === 1 ? groupIn4 : 0;
        break;
      }
      case KIND.dwconv: {
        let at =
          Math.max(k.strideHeight, k.strideWidth) > 1
            ? start.dwconv2
            : window === 9
              ? start.dwconv3
              : start.dwconv1;
        out[at++] = outputs * window;
        out[at++] = outputs;
        out[at++] = inPixels * outChannels4;
        out[at] = window;
        break;
      }
      case KIND.maxpool:
      case KIND.avgpool:
        out[start.pool] = inputs;
        out[start.pool + 1] = outputs * window;
        break;
      case KIND.gap:
        out[start.gap] = inputs;
        out[start.gap + 1] = k.batch * channels4;
        break;
      case KIND.add:
        out[start.add] = Math.max(inputs, outputs);
        break;
      case KIND.relu:
      case KIND.bn:
        out[start.bn] = inputs;
        break;
      case KIND.concat:
        out[start.concat] = outputs;
        out[start.concat + 1] = k.misaligned;
        out[start.concat + 2] = 1;
        break;
      case KIND.se:
        out[start.se] = 1;
        out[start.se + 1] = inputs;
        out[start.se + 2] = k.batch * k.channels * k.inner;
        out[start.se + 3] = k.activation === ACTIVATION.none ? 0 : inputs;
        break;
      case KIND.hswish:
        out[start.hswish] = inputs;
        break;
      case KIND.channelshuffle:
      case KIND.split:
        out[start.shuffle] = inputs;
        break;
      default:
    }
    if (k.kind !== KIND.add && k.addFollows > 0) out[start.add + 1] = outputs;
    if (k.activation === ACTIVATION.hswish && k.kind !== KIND.hswish)
      out[start.hswish + 1] = outputs;
  },
};
