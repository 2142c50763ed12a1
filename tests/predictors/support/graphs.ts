import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import type { Graph } from '@nnmeter/ir';

type Shape = readonly number[];

interface Layer {
  readonly type: string;
  readonly in: Shape;
  readonly out?: Shape;
  readonly attr?: Record<string, unknown>;
}

/** nn-Meter IR of a chain of layers. */
export function chain(layers: Readonly<Record<string, Layer>>): Record<string, unknown> {
  const names = Object.keys(layers);
  const first = layers[names[0]!]!.in;
  const json: Record<string, unknown> = {
    input: {
      inbounds: [],
      outbounds: [names[0]],
      attr: { type: 'Placeholder', output_shape: [first] },
    },
  };
  for (const [index, name] of names.entries()) {
    const { type, in: input, out, attr = {} } = layers[name]!;
    json[name] = {
      inbounds: [index === 0 ? 'input' : names[index - 1]],
      outbounds: names.slice(index + 1, index + 2),
      attr: { type, input_shape: [input], ...(out && { output_shape: [out] }), attr },
    };
  }
  return json;
}

const image = [1, 56, 56, 32];
const flat = [1, 100352];

const conv: Layer = {
  type: 'Conv2D',
  in: image,
  out: image,
  attr: { kernel_shape: [3, 3], weight_shape: [3, 3, 32, 32], strides: [1, 1], pads: [1, 1, 1, 1] },
};

/** conv, relu, reshape, fc: everything measured on every device. */
export const smallNetwork = chain({
  conv,
  relu: { type: 'Relu', in: image, out: image },
  flatten: { type: 'Reshape', in: image, out: flat, attr: { shape: flat } },
  dense: { type: 'MatMul', in: flat, out: [1, 10], attr: { weight_shape: [100352, 10] } },
});

/** A convolution and an operation that nobody knows. */
export const withUnknownOp = chain({
  conv,
  wavelet: { type: 'Wavelet', in: image, out: image },
});

/** The shapes get lost on the way. */
export const withoutShapes = chain({
  conv,
  mystery: { type: 'Mystery', in: image },
});

export function graphOf(json: unknown, name = 'test'): Graph {
  return readNnMeterIr(json, { name });
}
