import { NnMeterError, type OpAttributes, type Shape, samePads } from '@nnmeter/ir';
import type { Call } from '../call.ts';

/** Kernel, strides, dilations and explicit pads of a window that slides over the spatial axes of `[N, C, ...]`. */
export function readWindow(
  call: Call,
  input: Shape,
  kernelShape: readonly number[],
): OpAttributes['maxpool'] {
  const rank = spatialRank(input);
  if (kernelShape.length !== rank) {
    throw new NnMeterError(
      'E_SHAPE',
      `a kernel of ${kernelShape.length} axes [${kernelShape.join(', ')}] does not fit an input of shape [${input.join(', ')}]`,
    );
  }
  const strides = perAxis(call, 'strides', rank, 1);
  const dilations = perAxis(call, 'dilations', rank, 1);
  const window = { kernelShape, strides, dilations, ceilMode: call.int('ceil_mode', 0) !== 0 };
  return { ...window, pads: readPads(call, input.slice(2), window) };
}

export function spatialRank(input: Shape): number {
  if (input.length < 3) {
    throw new NnMeterError(
      'E_SHAPE',
      `its input has the shape [${input.join(', ')}]; batch, channels and at least one spatial axis are needed`,
    );
  }
  return input.length - 2;
}

/** An attribute with one number per spatial axis. */
export function perAxis(
  call: Call,
  name: string,
  rank: number,
  otherwise: number,
): readonly number[] {
  const values = call.ints(name);
  if (values === undefined || values.length === 0) return new Array<number>(rank).fill(otherwise);
  if (values.length !== rank) {
    throw new NnMeterError(
      'E_SHAPE',
      `its attribute ${name} has ${values.length} entries for ${rank} spatial axes`,
    );
  }
  return values;
}

function readPads(
  call: Call,
  spatial: Shape,
  window: Omit<OpAttributes['maxpool'], 'pads'>,
): readonly number[] {
  const mode = call.string('auto_pad', 'NOTSET');
  if (mode !== 'SAME_UPPER' && mode !== 'SAME_LOWER') {
    return mode === 'VALID'
      ? new Array<number>(2 * spatial.length).fill(0)
      : perAxis(call, 'pads', 2 * spatial.length, 0);
  }
  const pairs = spatial.map((extent, axis) =>
    samePads(
      extent,
      {
        kernel: window.kernelShape[axis]!,
        stride: window.strides[axis]!,
        dilation: window.dilations[axis]!,
      },
      mode === 'SAME_UPPER' ? 'upper' : 'lower',
    ),
  );
  return [...pairs.map(([begin]) => begin), ...pairs.map(([, end]) => end)];
}
