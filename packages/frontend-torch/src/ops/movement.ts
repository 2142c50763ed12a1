import { normalizeAxis } from '@nnmeter/ir';
import type { Call, Rule } from '../call.ts';
import type { Value } from '../value.ts';
import { keepMatrix, reshaped, sameShape, transposed } from './regroup.ts';
import type { Row } from './row.ts';

/** Anything whose result has the elements of its operand in their order: views of every kind. */
const reshape: Rule = (call) => reshaped(call, call.tensor('self'), call.result());

/** At inference it hands its operand on. */
const passOn: Rule = (call) => call.alias(call.tensor(call.has('input') ? 'input' : 'self'));

const permute: Rule = (call) => {
  const rank = call.shape('self').length;
  transposed(
    call,
    call.tensor('self'),
    (call.integers('dims') ?? []).map((axis) => normalizeAxis(axis, rank)),
  );
};

function swapped(first: (call: Call) => number, second: (call: Call) => number): Rule {
  return (call) => {
    const { length: rank } = call.shape('self');
    if (rank < 2) return call.alias(call.tensor('self'));
    const a = normalizeAxis(first(call), rank);
    const b = normalizeAxis(second(call), rank);
    const perm = Array.from({ length: rank }, (_, axis) =>
      axis === a ? b : axis === b ? a : axis,
    );
    transposed(call, call.tensor('self'), perm);
  };
}

const axisArgument = (name: string) => (call: Call) => call.integer(name);
const swapAxes = (a: string, b: string): Rule => swapped(axisArgument(a), axisArgument(b));
const swapLast: Rule = swapped(
  () => -2,
  () => -1,
);

const moveAxes: Rule = (call) => {
  const { length: rank } = call.shape('self');
  const axes = (name: string) =>
    (call.integers(name) ?? []).map((axis) => normalizeAxis(axis, rank));
  const [from, to] = [axes('source'), axes('destination')];
  const rest = Array.from({ length: rank }, (_, axis) => axis).filter(
    (axis) => !from.includes(axis),
  );
  const perm = Array.from({ length: rank }, (_, axis) => {
    const moved = to.indexOf(axis);
    return moved < 0 ? rest.shift()! : from[moved]!;
  });
  transposed(call, call.tensor('self'), perm);
};

/** Empty vectors count as nothing, as PyTorch has it. */
const concat: Rule = (call) => {
  const parts = call.tensors('tensors').filter((part) => part?.shape?.join() !== '0');
  const rank = call.result().length;
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return call.alias(only);
  call.finish('concat', { axis: call.axis('dim', rank) }, parts);
};

const stack: Rule = (call) => {
  const result = call.result();
  const axis = call.axis('dim', result.length);
  const parts = call.tensors('tensors').map((part) => {
    if (part === undefined) return part;
    return call.step('reshape', { shape: result.with(axis, 1) }, [part]);
  });
  call.finish('concat', { axis }, parts);
};

/** Into parts whose extents are those of the results. */
const split: Rule = (call) => {
  const axis = call.axis('dim', call.shape('self').length);
  const sizes = call.stated.map((_, index) => call.result(index)[axis]!);
  const [only] = sizes;
  if (sizes.length === 1 && only === call.shape('self')[axis]) {
    return call.alias(call.tensor('self'));
  }
  call.finish('split', { axis, sizes }, [call.tensor('self')]);
};

/** A split into slices of extent 1, and the axis dropped from each. */
const unbind: Rule = (call) => {
  const input = call.tensor('self');
  const shape = call.shape('self');
  const axis = call.axis('dim', shape.length);
  const attributes = { axis, sizes: new Array<number>(shape[axis]!).fill(1) };
  const shapes = call.stated.map((_, index) => call.result(index));
  if (shapes.length === 1) return call.finish('reshape', { shape: shapes[0]! }, [input]);
  call.finishEach(
    call.steps('split', attributes, [input]),
    shapes.map((each) => ({ op: 'reshape', attributes: { shape: each } })),
  );
};

const slice: Rule = (call) => {
  const input = call.shape('self');
  const axis = call.axis('dim', input.length);
  const extent = input[axis]!;
  const start = call.has('start') ? call.integer('start') : 0;
  const end = call.has('end') ? call.integer('end') : extent;
  sliced(call, { axis, start, end, step: call.integer('step') });
};

function sliced(
  call: Call,
  range: {
    readonly axis: number;
    readonly start: number;
    readonly end: number;
    readonly step: number;
  },
): void {
  const { axis, start, end, step } = range;
  const extent = call.shape('self')[axis]!;
  const within = (bound: number) => Math.min(Math.max(bound, -extent - 1), extent);
  const attributes = { starts: [within(start)], ends: [within(end)], axes: [axis], steps: [step] };
  const isWhole = step === 1 && sameShape(call.result(), call.shape('self'));
  if (isWhole) call.alias(call.tensor('self'));
  else call.finish('slice', attributes, [call.tensor('self')]);
}

const narrow: Rule = (call) => {
  const axis = call.axis('dim', call.shape('self').length);
  const start = call.integer('start');
  sliced(call, { axis, start, end: start + call.integer('length'), step: 1 });
};

/** Pads come in pairs from the last axis on. */
const pad: Rule = (call) => {
  const input = call.shape('self');
  const given = call.integers(call.has('pad') ? 'pad' : 'padding') ?? [];
  const pads = new Array<number>(2 * input.length).fill(0);
  for (let pair = 0; 2 * pair < given.length; pair++) {
    const axis = input.length - 1 - pair;
    pads[axis] = given[2 * pair]!;
    pads[input.length + axis] = given[2 * pair + 1]!;
  }
  if (pads.every((extent) => extent === 0)) return call.alias(call.tensor('self'));
  const named = /^(reflection|replication|circular)/.exec(call.op)?.[1];
  const mode = named ?? call.text('mode') ?? 'constant';
  call.finish('pad', { pads, mode: PAD_MODES[mode] ?? mode }, [call.tensor('self')]);
};

const PAD_MODES: Readonly<Record<string, string>> = {
  reflection: 'reflect',
  replication: 'edge',
  replicate: 'edge',
  circular: 'wrap',
};

const expand: Rule = (call) => {
  const shape = call.result();
  if (sameShape(shape, call.shape('self'))) return call.alias(call.tensor('self'));
  call.finish('expand', { shape }, [call.tensor('self')]);
  keepMatrix(call, call.tensor('self'));
};

const repeat: Rule = (call) => {
  const input = call.tensor('self');
  const result = call.result();
  const shape = call.shape('self');
  if (sameShape(result, shape)) return call.alias(input);
  const ones = new Array<number>(result.length - shape.length).fill(1);
  const padded = [...ones, ...shape];
  const operand = ones.length === 0 ? input : call.step('reshape', { shape: padded }, [input]);
  const repeats = result.map((extent, axis) => extent / padded[axis]!);
  call.finish('tile', { repeats }, [operand]);
};

/** Two slices joined the other way round, for each axis. */
const roll: Rule = (call) => {
  const shape = call.shape('self');
  const shifts = call.integers('shifts') ?? [];
  const axes = call.integers('dims');
  if (axes === undefined) return call.custom();
  let value = call.tensor('self');
  const moves = axes
    .map((axis, index) => {
      const along = normalizeAxis(axis, shape.length);
      const extent = shape[along]!;
      return {
        along,
        extent,
        at: extent === 0 ? 0 : ((-shifts[index]! % extent) + extent) % extent,
      };
    })
    .filter(({ at }) => at !== 0);
  if (moves.length === 0) return call.alias(value);
  moves.forEach(({ along, extent, at }, index) => {
    const cut = (start: number, end: number) =>
      call.step('slice', { starts: [start], ends: [end], axes: [along], steps: [1] }, [value]);
    const parts: Value[] = [cut(at, extent), cut(0, at)];
    if (index === moves.length - 1) call.finish('concat', { axis: along }, parts);
    else value = call.step('concat', { axis: along }, parts);
  });
};

const flip: Rule = (call) => {
  const shape = call.shape('self');
  const axes = (call.integers('dims') ?? []).map((axis) => normalizeAxis(axis, shape.length));
  const attributes = {
    starts: axes.map(() => -1),
    ends: axes.map((axis) => -shape[axis]! - 1),
    axes,
    steps: axes.map(() => -1),
  };
  call.finish('slice', attributes, [call.tensor('self')]);
};

const blocks =
  (op: 'depthtospace' | 'spacetodepth', factor: string): Rule =>
  (call) => {
    if (call.shape('self').length !== 4) return call.custom();
    call.finish(op, { blockSize: call.integer(factor) }, [call.tensor('self')]);
  };

/** Channels into groups, groups and channels swapped, and back. */
const channelShuffle: Rule = (call) => {
  const shape = call.shape('self');
  const [batch, channels, ...sides] = shape;
  const groups = call.integer('groups');
  const grouped = [batch!, groups, channels! / groups, ...sides];
  const split = call.step('reshape', { shape: grouped }, [call.tensor('self')]);
  const perm = grouped.map((_, axis) => (axis === 1 ? 2 : axis === 2 ? 1 : axis));
  const swappedGroups = call.step('transpose', { perm }, [split]);
  call.finish('reshape', { shape }, [swappedGroups]);
};

const resize =
  (mode: string): Rule =>
  (call) =>
    call.finish('resize', { mode, sizes: call.result() }, [
      call.tensor(call.has('input') ? 'input' : 'self'),
    ]);

/** With `.vec` overloads, whose operand is `input`. */
const upsampling = (name: string, mode: string, corners: string): Row => [
  `${name}(self, output_size, ${corners}scale_factors=None)`,
  resize(mode),
];
const CORNERS = 'align_corners, ';

/** Views that only the shapes tell apart. */
const VIEWS = [
  'view(self, size)',
  'reshape(self, shape)',
  '_unsafe_view(self, size)',
  '_reshape_alias(self, size, stride)',
  'flatten(self, start_dim=0, end_dim=-1)',
  'unflatten(self, dim, sizes)',
  'squeeze(self, dim=None)',
  'unsqueeze(self, dim)',
  'as_strided(self, size, stride, storage_offset=None)',
  'view_as(self, other)',
  'reshape_as(self, other)',
];

const PASSED_ON = [
  'contiguous(self, memory_format=0)',
  'clone(self, memory_format=None)',
  'alias(self)',
  'detach(self)',
  'lift_fresh(self)',
  'lift_fresh_copy(self)',
  'resolve_conj(self)',
  'resolve_neg(self)',
  'dropout(input, p, train)',
  'native_dropout(input, p, train)',
  'feature_dropout(input, p, train)',
  'alpha_dropout(input, p, train)',
  'feature_alpha_dropout(input, p, train)',
];

const SPLITS = [
  'split(self, split_size, dim=0)',
  'split_with_sizes(self, split_sizes, dim=0)',
  'split_with_sizes_copy(self, split_sizes, dim=0)',
  'split_copy(self, split_size, dim=0)',
  'chunk(self, chunks, dim=0)',
  'tensor_split(self, sections, dim=0)',
];

export const movementRows: readonly Row[] = [
  ...VIEWS.map((declaration): Row => [declaration, reshape]),
  ...PASSED_ON.map((declaration): Row => [declaration, passOn]),
  ...SPLITS.map((declaration): Row => [declaration, split]),
  ['permute(self, dims)', permute],
  ['transpose(self, dim0, dim1)', swapAxes('dim0', 'dim1')],
  ['swapaxes(self, axis0, axis1)', swapAxes('axis0', 'axis1')],
  ['t(self)', swapLast],
  [
    'numpy_T(self)',
    (call) => transposed(call, call.tensor('self'), [...call.shape('self').keys()].reverse()),
  ],
  ['mT(self)', swapLast],
  ['adjoint(self)', swapLast],
  ['movedim(self, source, destination)', moveAxes],
  ['cat(tensors, dim=0)', concat],
  ['concat(tensors, dim=0)', concat],
  ['stack(tensors, dim=0)', stack],
  ['unbind(self, dim=0)', unbind],
  ['slice(self, dim=0, start=None, end=None, step=1)', slice],
  ['narrow(self, dim, start, length)', narrow],
  ['pad(self, pad, mode=constant, value=None)', pad],
  ['constant_pad_nd(self, pad, value=0)', pad],
  ...[1, 2, 3].flatMap((sides): Row[] => [
    [`reflection_pad${sides}d(self, padding)`, pad],
    [`replication_pad${sides}d(self, padding)`, pad],
  ]),
  ['expand(self, size, implicit=False)', expand],
  ['expand_as(self, other)', expand],
  ['broadcast_to(self, size)', expand],
  ['repeat(self, repeats)', repeat],
  ['tile(self, dims)', repeat],
  ['roll(self, shifts, dims=[])', roll],
  ['flip(self, dims)', flip],
  ['pixel_shuffle(self, upscale_factor)', blocks('depthtospace', 'upscale_factor')],
  ['pixel_unshuffle(self, downscale_factor)', blocks('spacetodepth', 'downscale_factor')],
  ['channel_shuffle(self, groups)', channelShuffle],
  ...[1, 2, 3].map((sides) => upsampling(`upsample_nearest${sides}d`, 'nearest', '')),
  ...[1, 2, 3].map((sides) => upsampling(`_upsample_nearest_exact${sides}d`, 'nearest', '')),
  upsampling('upsample_linear1d', 'linear', CORNERS),
  upsampling('upsample_bilinear2d', 'linear', CORNERS),
  upsampling('upsample_trilinear3d', 'linear', CORNERS),
  upsampling('upsample_bicubic2d', 'cubic', CORNERS),
  upsampling('_upsample_bilinear2d_aa', 'linear', CORNERS),
  upsampling('_upsample_bicubic2d_aa', 'cubic', CORNERS),
];
