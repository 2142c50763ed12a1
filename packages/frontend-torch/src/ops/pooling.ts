import { CHANNELS_FIRST, elementCount } from '@nnmeter/ir';
import type { Call, Rule } from '../call.ts';
import type { Row } from './row.ts';

/** On [N, C, ...]; the stride is the kernel unless it is given. */
const pooling =
  (op: 'maxpool' | 'avgpool', sides: number): Rule =>
  (call) => {
    const input = call.shape('self');
    if (input.length !== sides + 2) return call.custom();
    const kernelShape = call.perAxis('kernel_size', sides);
    const strides = call.integers('stride') ? call.perAxis('stride', sides) : kernelShape;
    const padding = call.perAxis('padding', sides);
    const window = {
      kernelShape,
      strides,
      pads: [...padding, ...padding],
      dilations: call.has('dilation') ? call.perAxis('dilation', sides) : kernelShape.map(() => 1),
      ceilMode: call.flag('ceil_mode'),
    };
    call.finish(op, window, [call.tensor('self')]);
  };

/** The window follows from the shapes; extents that are no multiples have windows of nearly equal extents. */
const adaptivePooling =
  (op: 'maxpool' | 'avgpool', sides: number): Rule =>
  (call) => {
    const [input, output] = [call.shape('self'), call.result()];
    if (input.length !== sides + 2 || CHANNELS_FIRST[input.length] === undefined) {
      return call.custom();
    }
    const from = input.slice(2);
    const to = output.slice(2);
    if (elementCount(to) === 1) return globalPool(call, op, from);
    if (elementCount(to) === 0 || to.some((extent, axis) => extent > from[axis]!)) {
      return call.custom();
    }
    const strides = from.map((extent, axis) => Math.floor(extent / to[axis]!));
    const window = {
      kernelShape: from.map((extent, axis) => extent - (to[axis]! - 1) * strides[axis]!),
      strides,
      pads: [...from, ...from].map(() => 0),
      dilations: from.map(() => 1),
      ceilMode: false,
    };
    call.finish(op, window, [call.tensor('self')]);
  };

function globalPool(call: Call, op: 'maxpool' | 'avgpool', sides: readonly number[]): void {
  const axes = sides.map((_, axis) => axis + 2);
  const attributes = { axes, keepDims: true };
  call.finish(op === 'avgpool' ? 'gap' : 'globalmaxpool', attributes, [call.tensor('self')]);
}

const MAX = 'self, kernel_size, stride=[], padding=0, dilation=1, ceil_mode=False';
const AVERAGE = 'self, kernel_size, stride=[], padding=0, ceil_mode=False, count_include_pad=True';

export const poolingRows: readonly Row[] = [
  ...[1, 2, 3].flatMap((sides): Row[] => [
    [`max_pool${sides}d(${MAX})`, pooling('maxpool', sides)],
    [`max_pool${sides}d_with_indices(${MAX})`, pooling('maxpool', sides)],
    [`avg_pool${sides}d(${AVERAGE}, divisor_override=None)`, pooling('avgpool', sides)],
    [`adaptive_avg_pool${sides}d(self, output_size)`, adaptivePooling('avgpool', sides)],
    [`_adaptive_avg_pool${sides}d(self, output_size)`, adaptivePooling('avgpool', sides)],
    [`adaptive_max_pool${sides}d(self, output_size)`, adaptivePooling('maxpool', sides)],
  ]),
];
