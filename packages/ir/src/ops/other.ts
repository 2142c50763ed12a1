import { stated } from './attribute.ts';
import { likeFirst, row, unsettled } from './row.ts';

export const otherOps = {
  cast: row({
    onnx: ['Cast', 1],
    attributes: { to: stated('text') },
    operands: [1, 1],
    shapes: likeFirst,
    macs: 'none',
    cost: 'relu',
    axes: 'kept',
  }),
  quantize: row({
    onnx: ['QuantizeLinear', 10],
    attributes: {},
    operands: [1, 3],
    shapes: likeFirst,
    macs: 'none',
    cost: 'relu',
    axes: 'kept',
  }),
  dequantize: row({
    onnx: ['DequantizeLinear', 10],
    attributes: {},
    operands: [1, 3],
    shapes: likeFirst,
    macs: 'none',
    cost: 'relu',
    axes: 'kept',
  }),
  identity: row({
    onnx: ['Identity', 1],
    attributes: {},
    operands: [1, 1],
    shapes: likeFirst,
    macs: 'none',
    cost: 'reshape',
    axes: 'kept',
    elementwise: true,
    free: true,
  }),
  /** The shape of its operand as a list. */
  shape: row({
    onnx: ['Shape', 1],
    attributes: {},
    operands: [1, 1],
    shapes: ([data]) => [{ shape: [data!.shape.length] }],
    macs: 'none',
    cost: 'reshape',
    axes: 'opaque',
    free: true,
    resultType: 'int64',
  }),
  /** Fourier transforms over the last axes, forward or inverse, of real or complex numbers. */
  fft: row({
    onnx: ['FFT', null],
    attributes: {
      /** Extents that are transformed, of the last axes. */
      lengths: stated('integers'),
      /** The last extent of the result: of real numbers only half the frequencies are kept. */
      width: stated('integer'),
    },
    operands: [1, 1],
    shapes: ([data], { lengths, width }) => [
      { shape: [...data!.shape.slice(0, -lengths.length), ...lengths.slice(0, -1), width] },
    ],
    macs: 'none',
    cost: 'transcendental',
    axes: 'opaque',
    note: 'Fourier transforms',
  }),
  /** The indices of the elements that are not zero; how many there are depends on data. */
  nonzero: row({
    onnx: ['NonZero', 9],
    attributes: {},
    operands: [1, 1],
    shapes: unsettled,
    macs: 'none',
    cost: 'reduce',
    axes: 'opaque',
    resultType: 'int64',
  }),
  /** The distinct elements; how many there are depends on data. */
  unique: row({
    onnx: ['Unique', 11],
    attributes: {},
    operands: [1, 1],
    shapes: unsettled,
    macs: 'none',
    cost: 'sort',
    axes: 'opaque',
  }),
  /** How many boxes it selects depends on data. */
  nonmaxsuppression: row({
    onnx: ['NonMaxSuppression', 10],
    attributes: {},
    operands: [1, 5],
    shapes: unsettled,
    macs: 'none',
    cost: 'sort',
    axes: 'opaque',
    indexOperands: true,
    resultType: 'int64',
  }),
  /** Anything outside the vocabulary. */
  custom: row({
    onnx: ['Custom', null],
    attributes: {},
    operands: [0, Number.POSITIVE_INFINITY],
    shapes: unsettled,
    macs: 'unknown',
    cost: 'other',
    axes: 'opaque',
    note: 'anything else, with the attributes of its source',
  }),
};
