import {
  type Attribute,
  type AttributeKinds,
  type Graph,
  GraphBuilder,
  type Op,
  type OpAttributes,
  opRow,
  type Shape,
  type ShapedTensor,
} from '@nnmeter/ir';

/** The axis order of the images of a sample. */
export type ImageLayout = 'NCHW' | 'NHWC';

/** Extents of the image that ops on images, and ops that keep axes, work on. */
const IMAGE = { N: 1, C: 16, H: 8, W: 6 } as const;
type Letter = keyof typeof IMAGE;

/** What ops work on whose axes have no image meaning. */
const TOKENS = [1, 10, 8];

/** By layout; numbers an axis go by its letter, so that the order of axes is not written twice. */
function inOrder<T>(layout: ImageLayout, values: { readonly [L in Letter]: T }): T[] {
  return [...layout].map((letter) => values[letter as Letter]);
}

const axisOf = (layout: ImageLayout, letter: string): number => layout.indexOf(letter);

/** A value that is not what a reader would assume, by the kind of an attribute. */
const VALUES: {
  readonly [K in keyof AttributeKinds]: (layout: ImageLayout) => AttributeKinds[K];
} = {
  real: () => 0.75,
  integer: () => 2,
  flag: () => true,
  text: () => 'linear',
  integers: () => [1, 2],
  axis: (layout) => axisOf(layout, 'H'),
  resultAxis: (layout) => axisOf(layout, 'H'),
  axes: (layout) => [axisOf(layout, 'C'), axisOf(layout, 'W')].sort((a, b) => a - b),
  axisList: (layout) => [axisOf(layout, 'W'), axisOf(layout, 'C')],
  permutation: (layout) => [...'NWCH'].map((letter) => axisOf(layout, letter)),
  perAxis: (layout) => inOrder(layout, { N: 1, C: 2, H: 3, W: 4 }),
  padsPerAxis: (layout) => [
    ...inOrder(layout, { N: 0, C: 1, H: 2, W: 3 }),
    ...inOrder(layout, { N: 0, C: 4, H: 5, W: 6 }),
  ],
  perSide: () => [2, 1],
  padsPerSide: () => [1, 0, 0, 1],
  shape: (layout) => inOrder(layout, { N: 1, C: 16, H: 16, W: 18 }),
};

type Sample<O extends Op> = Partial<OpAttributes[O]>;

/** Where the values by kind do not make sense together. */
const ATTRIBUTES: { readonly [O in Op]?: (layout: ImageLayout) => Sample<O> } = {
  conv: () => ({ dilations: [1, 2], kernelShape: [3, 2] }),
  dwconv: () => ({ dilations: [1, 2], kernelShape: [3, 2], group: 16 }),
  convtranspose: () => ({ dilations: [1, 2], kernelShape: [3, 2], outputPadding: [1, 1] }),
  maxpool: () => ({ kernelShape: [3, 2] }),
  avgpool: () => ({ kernelShape: [3, 2] }),
  lppool: () => ({ kernelShape: [3, 2] }),
  gap: (layout) => ({ axes: [axisOf(layout, 'H'), axisOf(layout, 'W')] }),
  globalmaxpool: (layout) => ({ axes: [axisOf(layout, 'H'), axisOf(layout, 'W')] }),
  argmax: (layout) => ({ axes: [axisOf(layout, 'C')] }),
  argmin: (layout) => ({ axes: [axisOf(layout, 'C')] }),
  relu: () => ({ min: 0, max: 6 }),
  clip: () => ({ min: -1, max: 2 }),
  einsum: () => ({ equation: 'bij,bkj->bik' }),
  layernorm: () => ({ axis: 2 }),
  rmsnorm: () => ({ axis: 2 }),
  split: (layout) => ({ axis: axisOf(layout, 'C'), sizes: [5, 11] }),
  slice: () => ({ starts: [1, 2], ends: [5, 14], steps: [1, 3] }),
  pad: () => ({ mode: 'edge' }),
  expand: (layout) => ({ shape: inOrder(layout, { ...IMAGE, N: 3 }) }),
  reshape: () => ({ shape: [1, 8 * 6 * 16] }),
  topk: () => ({ axis: 1, k: 3 }),
  gather: () => ({ axis: 1, batchAxes: 1, indexing: 'nd' }),
  onehot: () => ({ axis: 1, depth: 5 }),
  cast: () => ({ to: 'float16' }),
  dilation2d: () => ({ kernelShape: [3, 2] }),
  unfold: () => ({ kernelShape: [3, 2], dilations: [1, 2] }),
  spacetobatch: () => ({ blockShape: [2, 3], pads: [1, 0, 1, 0] }),
  batchtospace: () => ({ blockShape: [1, 1], crops: [1, 0, 0, 2] }),
  fft: () => ({ lengths: [10, 8], width: 5 }),
  roialign: () => ({ mode: 'max' }),
};

/** Operands after the first. */
const OPERANDS: {
  readonly [O in Op]?: (builder: GraphBuilder, x: ShapedTensor) => ShapedTensor[];
} = {
  conv: (builder) => [weight(builder, [12, 8, 3, 2])],
  dwconv: (builder) => [weight(builder, [16, 1, 3, 2])],
  convtranspose: (builder) => [weight(builder, [16, 6, 3, 2])],
  dilation2d: (builder) => [builder.constant('filter', [3, 2, 16])],
  fc: (builder) => [builder.constant('weight', [4, 10], { layout: 'OI' })],
  matmul: (builder) => [builder.input('other', [1, 4, 10])],
  einsum: (builder) => [builder.input('other', [1, 4, 8])],
  roialign: (builder) => [
    builder.input('boxes', [5, 4]),
    builder.constant('images', [5], { dataType: 'int64' }),
  ],
  gather: (builder) => [builder.constant('indices', [1, 7, 1], { dataType: 'int64' })],
};

/** Ops of several like operands have two, or as many as they must. */
function otherOperands(op: Op, builder: GraphBuilder, data: ShapedTensor): ShapedTensor[] {
  const stated = OPERANDS[op];
  if (stated !== undefined) return stated(builder, data);
  const { elementwise, operands } = opRow(op);
  const count = elementwise || op === 'concat' ? Math.min(3, operands[1]) : 1;
  return Array.from({ length: count - 1 }, (_, index) => builder.relu(data, { name: `x${index}` }));
}

function weight(builder: GraphBuilder, shape: Shape): ShapedTensor {
  return builder.constant('weight', shape, { layout: 'OIHW' });
}

/** Shapes of the results of ops that cannot say them themselves. */
const RESULTS: { readonly [O in Op]?: Shape } = {
  nonzero: [3, 100],
  unique: [20],
  nonmaxsuppression: [6, 3],
  custom: [1, 10, 8],
};

/** Ops on images, and ops that keep or rename axes, get an image; the others tokens. */
function worksOnTokens(op: Op): boolean {
  const { axes } = opRow(op);
  return (
    axes === 'features' ||
    ['layernorm', 'rmsnorm'].includes(op) ||
    (axes === 'opaque' && !['reshape', 'argmax', 'argmin'].includes(op))
  );
}

/** Every attribute of an op, stated, at a value of its own. */
export function sampleAttributes(op: Op, layout: ImageLayout): OpAttributes[Op] {
  if (op === 'custom') return { anything: 1, words: ['a', 'b'] };
  const columns = Object.entries(opRow(op).attributes as Record<string, Attribute>);
  return {
    ...Object.fromEntries(columns.map(([name, { kind }]) => [name, VALUES[kind](layout)])),
    ...ATTRIBUTES[op]?.(layout),
  } as OpAttributes[Op];
}

/** A network that ends in a node of the op with every attribute stated. */
export function sampleNetwork(op: Op, layout: ImageLayout): Graph {
  const builder = new GraphBuilder(op, { layout });
  const image = builder.input('image', inOrder(layout, { ...IMAGE, C: 3 }));
  const data = worksOnTokens(op)
    ? builder.relu(builder.input('tokens', TOKENS))
    : builder.conv(image, IMAGE.C, { kernel: 3, padding: 1, name: 'stem' });
  const shape = RESULTS[op];
  const results = builder.node(
    op,
    sampleAttributes(op, layout),
    [data, ...otherOperands(op, builder, data)],
    { name: 'sample', ...(shape && { outputShapes: [shape] }) },
  );
  return builder.build(...results);
}
