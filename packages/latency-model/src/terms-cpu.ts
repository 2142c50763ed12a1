import { roundUp, saturating } from './arithmetic.ts';
import { ACTIVATION, type KernelDescription } from './kernel-description.ts';
import { KIND } from './kernel-kind.ts';
import { type TermTable, termBlocks } from './terms.ts';

/*
 * A CPU that runs convolutions as im2col + blocked matrix products (TFLite, one thread). Average pooling was measured with
 * 2x2 windows only; it shares the terms of max pooling, which was measured with others.
 * O, I: pixels written, read; K: window size times input channels; co, ci: channels; k: window side.
 * up8, up4: rounded up to the register block; sat: cheap while it fits a cache.
 */
const DWCONV_TERMS = [
  'O co k^2',
  'O up4(co) k^2',
  'O co k',
  'O co',
  'O k^2',
  'O k',
  'I co',
  'sat(I co, 1e5)',
  '1',
] as const;

const { names, start } = termBlocks({
  conv: [
    'up8(O) K up8(co)',
    'im2col up8(O) K up8(co)',
    'O K co',
    'up8(O) K up4(co)',
    'K co',
    'sat(K co, 2.5e5)',
    'O co',
    'I ci',
    'sat(O K, 1.25e5)',
    'sat(O K, 1e6)',
    'im2col sat(O K, 1.25e5)',
    'im2col sat(O K, 1e6)',
    'O k',
    'O k^2',
    'O',
    '1',
  ],
  dwconv1: DWCONV_TERMS,
  dwconv2: DWCONV_TERMS,
  fc: ['ci co', 'sat(ci co, 2.5e5)', 'ci + co', '1'],
  pool: ['O c', 'O c k^2', '1'],
  gap: ['I c', 'c'],
  elementwise: ['1', 'E', 'sat(E, 1e5)', 'sat(E, 1e6)'],
  concat: ['E', 'I inputs', '1'],
  se: ['E', 'c mid', 'c', '1'],
  hswish: ['E', 'sat(E, 1e5)', '1'],
  activation: ['relu6 O co', 'relu O co'],
  channelshuffle: ['E', 'I', '1'],
  split: ['E', 'I', '1'],
});

export const cpuTerms: TermTable = {
  names,
  fill(kernel: KernelDescription, out: Float64Array): void {
    const k = kernel;
    const outPixels = k.batch * k.outDepth * k.outHeight * k.outWidth;
    const inPixels = k.batch * k.depth * k.height * k.width;
    const window = k.kernelDepth * k.kernelHeight * k.kernelWidth;
    const side = Math.sqrt(k.kernelHeight * k.kernelWidth);
    const stride = Math.max(k.strideHeight, k.strideWidth);
    const inputs = inPixels * k.channels;
    const outputs = outPixels * k.outChannels;
    switch (k.kind) {
      case KIND.conv: {
        const channels = k.channels / k.groups;
        const outChannels = k.outChannels / k.groups;
        const rows = window * channels;
        const work = k.groups * roundUp(outPixels, 8) * rows * roundUp(outChannels, 8);
        const columns = k.groups * outPixels * rows;
        const weights = k.groups * rows * outChannels;
        const im2col = window > 1 || stride > 1;
        let at = start.conv;
        out[at++] = work;
        out[at++] = im2col ? work : 0;
        out[at++] = columns * outChannels;
        out[at++] = k.groups * roundUp(outPixels, 8) * rows * roundUp(outChannels, 4);
        out[at++] = weights;
        out[at++] = saturating(weights, 2.5e5);
        out[at++] = outputs;
        out[at++] = inputs;
        out[at++] = saturating(columns, 1.25e5);
        out[at++] = saturating(columns, 1e6);
        out[at++] = im2col ? saturating(columns, 1.25e5) : 0;
        out[at++] = im2col ? saturating(columns, 1e6) : 0;
        out[at++] = outPixels * side;
        out[at++] = outPixels * window;
        out[at++] = outPixels;
        out[at] = 1;
        break;
      }
      case KIND.dwconv: {
        let at = stride > 1 ? start.dwconv2 : start.dwconv1;
        out[at++] = outputs * window;
        out[at++] = outPixels * roundUp(k.outChannels, 4) * window;
        out[at++] = outputs * side;
        out[at++] = outputs;
        out[at++] = outPixels * window;
        out[at++] = outPixels * side;
        out[at++] = inPixels * k.outChannels;
        out[at++] = saturating(inPixels * k.outChannels, 1e5);
        out[at] = 1;
        break;
      }
      case KIND.fc: {
        const weights = k.channels * k.outChannels;
        out[start.fc] = outPixels * weights;
        out[start.fc + 1] = saturating(weights, 2.5e5);
        out[start.fc + 2] = inputs + outputs;
        out[start.fc + 3] = 1;
        break;
      }
      case KIND.maxpool:
      case KIND.avgpool:
        out[start.pool] = outputs;
        out[start.pool + 1] = outputs * window;
        out[start.pool + 2] = 1;
        break;
      case KIND.gap:
        out[start.gap] = inputs;
        out[start.gap + 1] = k.batch * k.channels;
        break;
      case KIND.add:
      case KIND.relu:
      case KIND.bn: {
        const passes = k.kind === KIND.bn ? 2 : 1;
        const elements = passes * Math.max(inputs, k.outputElements);
        out[start.elementwise] = passes;
        out[start.elementwise + 1] = elements;
        out[start.elementwise + 2] = saturating(elements, 1e5);
        out[start.elementwise + 3] = saturating(elements, 1e6);
        break;
      }
      case KIND.concat:
        out[start.concat] = k.outputElements;
        out[start.concat + 1] = inPixels * k.inputs;
        out[start.concat + 2] = 1;
        break;
      case KIND.se:
        out[start.se] = inputs;
        out[start.se + 1] = k.batch * k.channels * k.inner;
        out[start.se + 2] = k.batch * k.channels;
        out[start.se + 3] = 1;
        break;
      case KIND.hswish:
        out[start.hswish] = inputs;
        out[start.hswish + 1] = saturating(inputs, 1e5);
        out[start.hswish + 2] = 1;
        break;
      case KIND.channelshuffle:
      case KIND.split: {
        const at = k.kind === KIND.split ? start.split : start.channelshuffle;
        out[at] = inputs;
        out[at + 1] = inPixels;
        out[at + 2] = 1;
        break;
      }
      default:
    }
    if (k.kind === KIND.conv || k.kind === KIND.dwconv) {
      if (k.activation === ACTIVATION.relu6) out[start.activation] = outputs;
      else if (k.activation !== ACTIVATION.none) out[start.activation + 1] = outputs;
    }
  },
};
