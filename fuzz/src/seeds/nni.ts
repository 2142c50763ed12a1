/** A node between input and output: its type, parameters, shapes of input and result. */
type Row = readonly [
  type: string,
  parameters: Readonly<Record<string, unknown>>,
  input: readonly number[],
  output: readonly number[],
];

const IMAGE = [1, 8, 6, 4];
const HALF = [1, 8, 3, 2];
const MODULES = '__torch__.torch.nn.modules.';

const ROWS: readonly Row[] = [
  [`${MODULES}conv.Conv1d`, { in_channels: 8, kernel_size: 3, padding: 1 }, [1, 8, 24], [1, 4, 24]],
  [`${MODULES}conv.Conv2d`, { kernel_size: 3, stride: 2, padding: 1 }, IMAGE, [1, 16, 3, 2]],
  [`${MODULES}conv.Conv2d`, { kernel_size: [3, 1], padding: 'same', groups: 8 }, IMAGE, IMAGE],
  [`${MODULES}conv.Conv2d`, { kernel_size: 3, padding: 2, dilation: 2, groups: 4 }, IMAGE, IMAGE],
  [`${MODULES}conv.ConvTranspose2d`, { kernel_size: 2, stride: 2 }, HALF, [1, 4, 6, 4]],
  [`${MODULES}linear.Linear`, { in_features: 24, out_features: 10 }, [2, 24], [2, 10]],
  [`${MODULES}batchnorm.BatchNorm2d`, { num_features: 8 }, IMAGE, IMAGE],
  [`${MODULES}normalization.LayerNorm`, {}, [1, 10, 8], [1, 10, 8]],
  [`${MODULES}normalization.GroupNorm`, { num_groups: 2 }, IMAGE, IMAGE],
  [`${MODULES}pooling.MaxPool2d`, { kernel_size: 2, ceil_mode: true }, IMAGE, HALF],
  [`${MODULES}pooling.AvgPool2d`, { kernel_size: [6, 4] }, IMAGE, [1, 8, 1, 1]],
  [`${MODULES}pooling.AdaptiveAvgPool2d`, { output_size: [3, 2] }, IMAGE, HALF],
  [`${MODULES}activation.Hardtanh`, { min_val: 0, max_val: 6 }, IMAGE, IMAGE],
  [`${MODULES}activation.PReLU`, { num_parameters: 8 }, IMAGE, IMAGE],
  [`${MODULES}activation.Softmax`, { dim: 1 }, IMAGE, IMAGE],
  [`${MODULES}activation.Hardswish`, {}, IMAGE, IMAGE],
  [`${MODULES}upsampling.Upsample`, { mode: 'nearest' }, HALF, IMAGE],
  [`${MODULES}pixelshuffle.PixelShuffle`, { upscale_factor: 2 }, IMAGE, [1, 2, 12, 8]],
  ['aten::mean', { dim: [2, 3] }, IMAGE, [1, 8]],
  ['aten::add', { other: 2 }, IMAGE, IMAGE],
  ['aten::flatten', {}, IMAGE, [1, 192]],
  ['aten::permute', { dims: [0, 2, 3, 1] }, IMAGE, [1, 6, 4, 8]],
  ['aten::slice', { dim: 2, start: 1, end: 4, step: 1 }, IMAGE, [1, 8, 3, 4]],
  ['aten::constant_pad_nd', { pad: [1, 1, 2, 2] }, IMAGE, [1, 8, 10, 6]],
  ['aten::expand', {}, [1, 8, 1, 1], IMAGE],
];

/** Small models as NNI writes them: one node each, and one with a cell, a folded size and constants. */
export function nniModels(): Uint8Array[] {
  return [...ROWS.map(oneNode), withCell()].map((model) => Buffer.from(JSON.stringify(model)));
}

function node(
  type: string,
  parameters: object,
  input: readonly number[],
  output: readonly number[],
) {
  return {
    operation: {
      type,
      parameters: { ...parameters, input_shape: [input], output_shape: [output] },
    },
  };
}

function constant(value: unknown) {
  return { operation: { type: 'prim::Constant', parameters: { value } } };
}

function chain(...names: readonly string[]) {
  const ends = ['_inputs', ...names, '_outputs'];
  return ends.slice(1).map((tail, at) => ({ head: [ends[at], 0], tail: [tail, 0] }));
}

function oneNode([type, parameters, input, output]: Row) {
  const nodes = { node: node(type, parameters, input, output) };
  return { _model: { inputs: ['x'], outputs: ['y'], nodes, edges: chain('node') } };
}

function withCell() {
  const stem = {
    inputs: ['x'],
    outputs: ['y'],
    nodes: {
      conv: node(`${MODULES}conv.Conv2d`, { kernel_size: 3, padding: 1 }, IMAGE, IMAGE),
      relu: node('aten::relu_', {}, IMAGE, IMAGE),
    },
    edges: chain('conv', 'relu'),
  };
  const nodes = {
    stem: { operation: { type: '_cell', parameters: {}, cell_name: 'stem_graph' } },
    again: { operation: { type: '_cell', parameters: {}, cell_name: 'stem_graph' } },
    zero: constant(0),
    rest: constant(-1),
    size: { operation: { type: 'aten::size', parameters: {} } },
    dims: { operation: { type: 'prim::ListConstruct', parameters: {} } },
    view: node('aten::view', {}, IMAGE, [1, 192]),
    fc: node(`${MODULES}linear.Linear`, { in_features: 192, out_features: 10 }, [1, 192], [1, 10]),
  };
  const edges = [
    ...chain('stem', 'again', 'view', 'fc'),
    { head: ['again', 0], tail: ['size', 0] },
    { head: ['zero', 0], tail: ['size', 1] },
    { head: ['size', 0], tail: ['dims', 0] },
    { head: ['rest', 0], tail: ['dims', 1] },
    { head: ['dims', 0], tail: ['view', 1] },
  ];
  return { stem_graph: stem, _model: { inputs: ['x'], outputs: ['y'], nodes, edges } };
}
