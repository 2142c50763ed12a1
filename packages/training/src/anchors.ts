import { readFile } from 'node:fs/promises';
import { type KernelDescription, KIND } from '@nnmeter/latency-model';
import { squareKernel } from './throughput.ts';

/** A single kernel whose latency was measured on the device. */
export interface Anchor {
  readonly name: string;
  readonly kernel: KernelDescription;
  readonly ms: number;
  /** In the base fit, in models. */
  readonly weight: number;
}

const WEIGHT = 3;
/** Networks hardly tell a squeeze-and-excite block from its neighbours, so that its measurement counts more. */
const SQUEEZE_WEIGHT = 30;

/** Test tensors of nn-Meter's fusion tests: 28 x 28 x 16 images and vectors of 428. */
const SIDE = 28;
const CHANNELS = 16;
const VECTOR = 428;

function vectorProduct(channels: number): KernelDescription {
  return squareKernel(KIND.fc, 1, channels, { groups: 1 });
}

function concatKernel(side: number): KernelDescription {
  const elements = 2 * side * side * CHANNELS;
  const sizes = { inputs: 2, inputElements: elements, outChannels: 2 * CHANNELS };
  return squareKernel(KIND.concat, side, CHANNELS, sizes);
}

function squeezeKernel(): KernelDescription {
  return squareKernel(KIND.se, SIDE, CHANNELS, { inner: CHANNELS / 4 });
}

/** Entry of the fusion tests, op in it, and the configuration the op ran with. Ops of unknown configuration are left out. */
const ENTRIES: readonly (readonly [entry: string, op: string, kernel: KernelDescription])[] = [
  [
    'BF_pooling_relu',
    'pooling',
    squareKernel(KIND.maxpool, SIDE, CHANNELS, { outSide: 14, window: 2 }),
  ],
  [
    'BF_pooling_relu',
    'pooling',
    squareKernel(KIND.avgpool, SIDE, CHANNELS, { outSide: 14, window: 2 }),
  ],
  [
    'BF_concat_pooling',
    'pooling',
    squareKernel(KIND.maxpool, SIDE, 2 * CHANNELS, { outSide: 14, window: 2 }),
  ],
  [
    'BF_concat_pooling',
    'pooling',
    squareKernel(KIND.avgpool, SIDE, 2 * CHANNELS, { outSide: 14, window: 2 }),
  ],
  ['BF_add_relu', 'add', squareKernel(KIND.add, SIDE, CHANNELS, { inputs: 2 })],
  ['BF_concat_add', 'add', squareKernel(KIND.add, SIDE, 2 * CHANNELS, { inputs: 2 })],
  ['BF_conv_relu', 'relu', squareKernel(KIND.relu, SIDE, CHANNELS)],
  ['BF_concat_relu', 'relu', squareKernel(KIND.relu, SIDE, 2 * CHANNELS)],
  ['BF_conv_hswish', 'hswish', squareKernel(KIND.hswish, SIDE, CHANNELS)],
  ['BF_se_relu', 'se', squeezeKernel()],
  ['BF_conv_concat', 'concat', concatKernel(SIDE)],
  ['BF_pooling_concat', 'concat', concatKernel(SIDE / 2)],
  ['BF_dense_relu', 'dense', vectorProduct(VECTOR)],
  ['BF_concat_dense', 'dense', vectorProduct(2 * VECTOR)],
];

/**
 * OpenVINO keeps images in another order than the network's source, so that a reshape permutes its data like one
 * channel shuffle.
 */
const VPU_ENTRIES: typeof ENTRIES = [
  ['BF_pooling_reshape', 'reshape', squareKernel(KIND.channelshuffle, 14, CHANNELS)],
  ['BF_conv_reshape', 'reshape', squareKernel(KIND.channelshuffle, SIDE, CHANNELS)],
  ['BF_concat_reshape', 'reshape', squareKernel(KIND.channelshuffle, SIDE, 2 * CHANNELS)],
];

/**
 * Reads single-op latencies of a device from `facts/fusion_rules.json`; ops measured as 0 are left out.
 * Its CPU latencies are in microseconds, all others in ms.
 */
export async function readAnchors(file: string, device: string): Promise<Anchor[]> {
  const facts = JSON.parse(await readFile(file, 'utf8')) as Record<
    string,
    { measured: Record<string, Record<string, string>> }
  >;
  const unit = device.includes('cpu') ? 1e-3 : 1;
  const entries = device.includes('vpu') ? [...ENTRIES, ...VPU_ENTRIES] : ENTRIES;
  return entries.flatMap(([entry, op, kernel]) => {
    const ms = unit * Number.parseFloat(facts[device]?.measured[entry]?.[op] ?? '0');
    const weight = op === 'se' ? SQUEEZE_WEIGHT : WEIGHT;
    return ms > 0 ? [{ name: `${entry} ${op}`, kernel, ms, weight }] : [];
  });
}
