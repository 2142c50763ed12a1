import type { ShapedTensor } from '@nnmeter/ir';
import type { TorchBuilder } from './torch-builder.ts';

/** x * sigmoid(x), as the exporter writes it. */
export function silu(torch: TorchBuilder, x: ShapedTensor): ShapedTensor {
  return torch.mul(x, torch.sigmoid(x));
}

/** x * hardsigmoid(x), as the exporter writes it at opset 13. */
export function hardSwish(torch: TorchBuilder, x: ShapedTensor): ShapedTensor {
  return torch.mul(x, torch.hardSigmoid(x));
}

/** x * (erf(x / sqrt(2)) + 1) * 0.5, as the exporter writes it. */
export function gelu(torch: TorchBuilder, x: ShapedTensor): ShapedTensor {
  const scaled = torch.binary('div', x, torch.scalar(Math.SQRT2));
  const shifted = torch.add(torch.unary('erf', scaled), torch.scalar(1));
  return torch.mul(torch.mul(x, shifted), torch.scalar(0.5));
}

/** Layer normalization over the last axis in the nine ops of opset 13. */
export function layerNorm(torch: TorchBuilder, x: ShapedTensor, epsilon: number): ShapedTensor {
  const last = x.shape.length - 1;
  const channels = x.shape[last]!;
  const mean = (value: ShapedTensor): ShapedTensor =>
    torch.op('reducemean', 'ReduceMean', [value], { axes: [last], keepDims: true });
  const centred = torch.binary('sub', x, mean(x));
  const variance = mean(torch.binary('pow', centred, torch.scalar(2)));
  const deviation = torch.unary('sqrt', torch.add(variance, torch.scalar(epsilon)));
  const normalized = torch.binary('div', centred, deviation);
  const scaled = torch.mul(normalized, torch.constant('LayerNorm.weight', [channels]));
  return torch.add(scaled, torch.constant('LayerNorm.bias', [channels]));
}

/** Squeeze and excitation: global average pooling, two 1x1 convolutions, a gate on every channel of `x`. */
export function squeezeExcitation(
  torch: TorchBuilder,
  x: ShapedTensor,
  squeezeChannels: number,
  activation: (value: ShapedTensor) => ShapedTensor,
  gate: (value: ShapedTensor) => ShapedTensor,
): ShapedTensor {
  return torch.scope('se', () => {
    const squeezed = activation(torch.conv(torch.globalAvgPool(x), squeezeChannels));
    return torch.mul(gate(torch.conv(squeezed, x.shape[1]!)), x);
  });
}
