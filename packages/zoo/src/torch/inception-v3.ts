import type { Graph, ShapedTensor } from '@nnmeter/ir';
import { type NetworkOptions, network } from './options.ts';
import type { Sides, TorchBuilder } from './torch-builder.ts';

/** Convolution with batch normalization and ReLU that keeps the size. */
function same(
  torch: TorchBuilder,
  x: ShapedTensor,
  channels: number,
  kernel: Sides = 1,
): ShapedTensor {
  const [height, width] = typeof kernel === 'number' ? [kernel, kernel] : kernel;
  const padding = [(height - 1) / 2, (width - 1) / 2] as const;
  return torch.convBnRelu(x, channels, { kernel, padding });
}

function pooled(torch: TorchBuilder, x: ShapedTensor, channels: number): ShapedTensor {
  return same(torch, torch.avgPool(x, 3, { stride: 1, padding: 1 }), channels);
}

function blockA(torch: TorchBuilder, x: ShapedTensor, poolChannels: number): ShapedTensor {
  const branches = [
    same(torch, x, 64),
    same(torch, same(torch, x, 48), 64, 5),
    same(torch, same(torch, same(torch, x, 64), 96, 3), 96, 3),
    pooled(torch, x, poolChannels),
  ];
  return torch.concat(branches, 1);
}

function blockB(torch: TorchBuilder, x: ShapedTensor): ShapedTensor {
  const reduce = { kernel: 3, stride: 2 };
  const branches = [
    torch.convBnRelu(x, 384, reduce),
    torch.convBnRelu(same(torch, same(torch, x, 64), 96, 3), 96, reduce),
    torch.maxPool(x, 3, { stride: 2 }),
  ];
  return torch.concat(branches, 1);
}

function blockC(torch: TorchBuilder, x: ShapedTensor, inner: number): ShapedTensor {
  const chain = (kernels: readonly Sides[]): ShapedTensor =>
    kernels.reduce<ShapedTensor>(
      (y, kernel, index) => same(torch, y, index === kernels.length - 1 ? 192 : inner, kernel),
      x,
    );
  const branches = [
    chain([1]),
    chain([1, [1, 7], [7, 1]]),
    chain([1, [7, 1], [1, 7], [7, 1], [1, 7]]),
    pooled(torch, x, 192),
  ];
  return torch.concat(branches, 1);
}

function blockD(torch: TorchBuilder, x: ShapedTensor): ShapedTensor {
  const reduce = { kernel: 3, stride: 2 };
  const narrow = torch.convBnRelu(same(torch, x, 192), 320, reduce);
  const separable = same(torch, same(torch, same(torch, x, 192), 192, [1, 7]), 192, [7, 1]);
  const branches = [
    narrow,
    torch.convBnRelu(separable, 192, reduce),
    torch.maxPool(x, 3, { stride: 2 }),
  ];
  return torch.concat(branches, 1);
}

function blockE(torch: TorchBuilder, x: ShapedTensor): ShapedTensor {
  const fork = (y: ShapedTensor): ShapedTensor[] => [
    same(torch, y, 384, [1, 3]),
    same(torch, y, 384, [3, 1]),
  ];
  const branches = [
    same(torch, x, 320),
    ...fork(same(torch, x, 384)),
    ...fork(same(torch, same(torch, x, 448), 384, 3)),
    pooled(torch, x, 192),
  ];
  return torch.concat(branches, 1);
}

/**
 * Inception v3 (Szegedy et al., arXiv:1512.00567) without auxiliary head. Trained at 299x299; as everywhere, the
 * default here is 224x224.
 */
export function inceptionV3(options: NetworkOptions = {}): Graph {
  return network('inception_v3', options, (torch, classes) => {
    let x = torch.convBnRelu(torch.input, 32, { kernel: 3, stride: 2 });
    x = torch.convBnRelu(x, 32, { kernel: 3 });
    x = same(torch, x, 64, 3);
    x = torch.maxPool(x, 3, { stride: 2 });
    x = torch.convBnRelu(same(torch, x, 80), 192, { kernel: 3 });
    x = torch.maxPool(x, 3, { stride: 2 });
    const mixed: readonly (readonly [string, (y: ShapedTensor) => ShapedTensor])[] = [
      ['5b', (y) => blockA(torch, y, 32)],
      ['5c', (y) => blockA(torch, y, 64)],
      ['5d', (y) => blockA(torch, y, 64)],
      ['6a', (y) => blockB(torch, y)],
      ['6b', (y) => blockC(torch, y, 128)],
      ['6c', (y) => blockC(torch, y, 160)],
      ['6d', (y) => blockC(torch, y, 160)],
      ['6e', (y) => blockC(torch, y, 192)],
      ['7a', (y) => blockD(torch, y)],
      ['7b', (y) => blockE(torch, y)],
      ['7c', (y) => blockE(torch, y)],
    ];
    for (const [block, build] of mixed) x = torch.scope(`Mixed_${block}`, () => build(x));
    return torch.linear(torch.flatten(torch.globalAvgPool(x)), classes);
  });
}
