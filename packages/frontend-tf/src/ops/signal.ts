import { node, type OpContext, type Rows, type Rule, uncosted } from './rule.ts';

/** Transforms of complex numbers keep the shape. */
function complexTransform(rank: number): Rule {
  return (context) => {
    const shape = context.shape(0);
    const lengths = shape.slice(-rank);
    return node('fft', { lengths, width: shape.at(-1) ?? 1 }, { operands: [0] });
  };
}

/** Of real numbers half the frequencies are enough; the lengths are the second input. */
function realTransform(isInverse: boolean): Rule {
  return (context) => {
    const lengths = context.values(1);
    const last = lengths.at(-1) ?? 1;
    const width = isInverse ? last : Math.floor(last / 2) + 1;
    return node('fft', { lengths, width }, { operands: [0] });
  };
}

/** Samples [length, channels] to [channels, windows, frequencies]; a window is padded to a power of two. */
function spectrogram(context: OpContext) {
  const [length, channels] = context.shape(0);
  const window = context.integer('window_size', 1);
  const windows = Math.max(0, 1 + Math.floor((length! - window) / context.integer('stride', 1)));
  const padded = 2 ** Math.ceil(Math.log2(window));
  const width = padded / 2 + 1;
  return node('fft', { lengths: [padded], width }, { shapes: [[channels!, windows, width]] });
}

/** Coefficients of spectrograms [channels, windows, frequencies]. */
function cepstrum(context: OpContext) {
  const [channels, windows] = context.shape(0);
  return uncosted([channels!, windows!, context.integer('dct_coefficient_count', 13)]);
}

export const signalRows: Rows = [
  ['FFT IFFT', complexTransform(1)],
  ['FFT2D IFFT2D', complexTransform(2)],
  ['FFT3D IFFT3D', complexTransform(3)],
  ['RFFT RFFT2D RFFT3D', realTransform(false)],
  ['IRFFT IRFFT2D IRFFT3D', realTransform(true)],
  ['AudioSpectrogram', spectrogram],
];

/** Shapes are known, costs are not. */
export const uncostedSignalRows: Rows = [['Mfcc', cepstrum]];
