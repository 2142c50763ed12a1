import { type Graph, GraphBuilder, type ShapedTensor } from '@nnmeter/ir';
import { between, choose, type Draft, type Draw, drawSide, type Random } from './draw.ts';

/** A layer with a window, alone. */
export interface WindowKernel {
  readonly op: 'conv' | 'dwconv' | 'convtranspose' | 'maxpool' | 'avgpool';
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outChannels: number;
  readonly kernel: readonly [height: number, width: number];
  readonly stride: readonly [height: number, width: number];
  readonly groups: number;
}

/** What has no window, alone; a fully connected layer over one row or several. */
export interface PlainKernel {
  readonly op:
    | 'fc'
    | 'attention'
    | 'se'
    | 'add'
    | 'concat'
    | 'hswish'
    | 'gelu'
    | 'layernorm'
    | 'softmax'
    | 'resize';
  /** Rows, or the side of an image. */
  readonly side: number;
  readonly channels: number;
  readonly outChannels: number;
}

export type SingleKernel = WindowKernel | PlainKernel;

/** Draws of single kernels: how fast a layer is in many sizes, window by window. */
export const KERNEL_DRAWS: readonly Draw[] = [
  ...[1, 3, 5, 7].map(
    (side): Draw =>
      (random) =>
        drawWindow(random, 'conv', side),
  ),
  ...[3, 5, 7].map(
    (side): Draw =>
      (random) =>
        drawWindow(random, 'dwconv', side),
  ),
  ...[2, 4].map(
    (side): Draw =>
      (random) =>
        drawWindow(random, 'convtranspose', side),
  ),
  (random) => drawWindow(random, 'conv', 3, choose(random, [2, 4, 8])),
  (random) => drawWindow(random, choose(random, ['maxpool', 'avgpool']), choose(random, [2, 3])),
  (random) => drawPlain(random, 'fc', between(random, 1, 200)),
  (random) => drawPlain(random, 'attention', between(random, 16, 200)),
  ...(['se', 'add', 'concat', 'hswish', 'gelu', 'layernorm', 'softmax', 'resize'] as const).map(
    (op): Draw =>
      (random) =>
        drawPlain(random, op, drawSide(random) / 4),
  ),
];

/** A model of one kernel. */
export function kernelDraft(kernel: SingleKernel): Draft {
  return {
    family: `kernel-${kernel.op}`,
    configuration: kernel,
    isKernel: true,
    build: (name) => buildKernel(name, kernel),
  };
}

function drawWindow(random: Random, op: WindowKernel['op'], side: number, groups = 1): Draft {
  const extent = Math.max(8, Math.round(drawSide(random) / choose(random, [1, 2, 4, 8])));
  const divide = op === 'conv' ? groups : 1;
  const drawChannels = (): number => Math.ceil(between(random, 8, 256) / divide) * divide;
  const channels = drawChannels();
  const stride = op === 'conv' || op === 'dwconv' ? choose(random, [1, 1, 2]) : 2;
  return kernelDraft({
    op,
    height: extent,
    width: extent,
    channels,
    outChannels: op === 'conv' || op === 'convtranspose' ? drawChannels() : channels,
    kernel: [side, side],
    stride: [stride, stride],
    groups: op === 'dwconv' ? channels : divide,
  });
}

function drawPlain(random: Random, op: PlainKernel['op'], side: number): Draft {
  return kernelDraft({
    op,
    side: Math.max(1, Math.round(side)),
    channels: 4 * Math.round(between(random, 4, op === 'fc' ? 512 : 96)),
    outChannels: Math.round(between(random, 10, 1000)),
  });
}

function buildKernel(name: string, kernel: SingleKernel): Graph {
  const builder = new GraphBuilder(name);
  const { channels } = kernel;
  if ('kernel' in kernel) {
    const x = builder.input('image', [1, channels, kernel.height, kernel.width]);
    return builder.build(buildWindow(builder, x, kernel));
  }
  const { op, side } = kernel;
  const isMatrix = op === 'fc' || op === 'attention' || op === 'layernorm' || op === 'softmax';
  const shape = isMatrix ? [1, side, channels] : [1, channels, side, side];
  const x = builder.input('x', side === 1 && op === 'fc' ? [1, channels] : shape);
  return builder.build(buildPlain(builder, x, kernel));
}

function buildWindow(builder: GraphBuilder, x: ShapedTensor, layer: WindowKernel): ShapedTensor {
  const { op, outChannels, kernel, stride, groups } = layer;
  if (op === 'maxpool' || op === 'avgpool') return builder[op](x, kernel, { stride });
  if (op === 'convtranspose') return builder.convtranspose(x, outChannels, { kernel, stride });
  return builder.conv(x, outChannels, { kernel, stride, groups, padding: 'same' });
}

function buildPlain(
  builder: GraphBuilder,
  x: ShapedTensor,
  { op, side, channels, outChannels }: PlainKernel,
): ShapedTensor {
  switch (op) {
    case 'fc':
      return builder.fc(x, outChannels);
    case 'attention': {
      const scores = builder.matmul(x, builder.transpose(x, [0, 2, 1]));
      return builder.matmul(builder.softmax(builder.mul(scores, channels ** -0.5)), x);
    }
    case 'se': {
      const squeezed = builder.relu(builder.conv(builder.gap(x), Math.ceil(channels / 4)));
      return builder.mul(x, builder.unary('sigmoid', builder.conv(squeezed, channels)));
    }
    case 'add':
      return builder.add(x, builder.maxpool(x, 1));
    case 'concat':
      return builder.concat([x, builder.relu(x)]);
    case 'layernorm':
      return builder.layernorm(x);
    case 'softmax':
      return builder.softmax(x);
    case 'resize':
      return builder.resize(x, [2 * side, 2 * side]);
    default:
      return builder.unary(op, x);
  }
}
