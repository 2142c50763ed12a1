import { NnMeterError, normalizeAxis, type Shape } from '@nnmeter/ir';
import type { Call } from '../call.ts';
import { computation, type Row, type Rule, shaped } from '../outcome.ts';

/** An optional list that is absent, or present but empty. */
function optionalValues(call: Call, index: number): readonly number[] | undefined {
  const shape = call.inputs[index]?.shape;
  return !call.has(index) || shape?.[0] === 0 ? undefined : call.values(index);
}

function scaled(input: Shape, scales: readonly number[], axes: readonly number[]): Shape {
  if (scales.length !== axes.length) {
    throw new NnMeterError('E_SHAPE', `${scales.length} scales do not fit ${axes.length} axes`);
  }
  const output = [...input];
  axes.forEach((axis, index) => {
    output[axis] = Math.floor(input[axis]! * scales[index]!);
  });
  return output;
}

/** Target sizes, or one common scale that keeps the image within or around them. */
function sized(call: Call, input: Shape, sizes: readonly number[], axes: readonly number[]): Shape {
  if (sizes.length !== axes.length) {
    throw new NnMeterError('E_SHAPE', `${sizes.length} sizes do not fit ${axes.length} axes`);
  }
  const policy = call.string('keep_aspect_ratio_policy', 'stretch');
  const ratios = axes.map((axis, index) => sizes[index]! / input[axis]!);
  const ratio = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  const output = [...input];
  axes.forEach((axis, index) => {
    output[axis] = policy === 'stretch' ? sizes[index]! : Math.round(ratio * input[axis]!);
  });
  return output;
}

const resize: Rule = (call) => {
  const input = call.shape(0);
  const axes = (call.ints('axes') ?? input.map((_, axis) => axis)).map((axis) =>
    normalizeAxis(axis, input.length),
  );
  const sizes = optionalValues(call, 3);
  const scales = optionalValues(call, 2) ?? [];
  return resized(call, sizes ? sized(call, input, sizes, axes) : scaled(input, scales, axes));
};

function resized(call: Call, sizes: Shape): ReturnType<Rule> {
  return computation('resize', { mode: call.string('mode', 'nearest'), sizes }, { inputs: [0] });
}

function upsample(scales: (call: Call) => readonly number[]): Rule {
  return (call) => {
    const input = call.shape(0);
    const axes = input.map((_, axis) => axis);
    return resized(call, scaled(input, scales(call), axes));
  };
}

/** Samples `[N, C, ...]` at a grid `[N, ..., axes]`. */
const gridSample: Rule = (call) => {
  const [batch, channels] = call.shape(0) as [number, number];
  return shaped('custom', { mode: call.string('mode', 'linear') }, [
    [batch, channels, ...call.shape(1).slice(1, -1)],
  ]);
};

/** Sampling positions for a target of size `[N, C, ...]`. */
const affineGrid: Rule = (call) => {
  const [batch = 1, , ...spatial] = call.values(1);
  return shaped('custom', {}, [[batch, ...spatial, spatial.length]], { inputs: [0] });
};

const centerCropPad: Rule = (call) => {
  const input = call.shape(0);
  const target = call.values(1);
  const output = [...input];
  (call.ints('axes') ?? input.map((_, axis) => axis)).forEach((axis, index) => {
    output[normalizeAxis(axis, input.length)] = target[index]!;
  });
  return shaped('custom', {}, [output], { inputs: [0] });
};

/** Puts columns of image blocks back together. */
const columnsToImage: Rule = (call) => {
  const [batch, rows] = call.shape(0) as [number, number];
  const block = call.values(2).reduce((product, extent) => product * extent, 1);
  return shaped('custom', {}, [[batch, rows / block, ...call.values(1)]], { inputs: [0] });
};

export const resizeRows: readonly Row[] = [
  ['Resize', '', 10, upsample((call) => call.values(1))],
  ['Resize', '', 11, resize],
  ['Upsample', '', 7, upsample((call) => call.floats('scales') ?? [])],
  ['Upsample', '', 9, upsample((call) => call.values(1))],
  ['GridSample', '', 16, gridSample],
  ['AffineGrid', '', 20, affineGrid],
  ['CenterCropPad', '', 18, centerCropPad],
  ['Col2Im', '', 18, columnsToImage],
];
