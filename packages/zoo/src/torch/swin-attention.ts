import type { ShapedTensor } from '@nnmeter/ir';
import type { TorchBuilder } from './torch-builder.ts';

export interface WindowAttention {
  readonly heads: number;
  /** Side of a window in tokens. */
  readonly window: number;
  /** Tokens the windows are shifted by; ignored on axes no longer than a window. */
  readonly shift: number;
  /** Attention by cosine similarity (Swin V2) in place of scaled dot products. */
  readonly cosine: boolean;
}

/**
 * Multi-head self-attention inside windows of an NHWC image. Everything that does not depend on the input (position
 * bias, mask of the shifted windows) is a constant, as after constant folding.
 */
export function windowAttention(
  torch: TorchBuilder,
  x: ShapedTensor,
  attention: WindowAttention,
): ShapedTensor {
  const { window } = attention;
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const bottom = (window - (height % window)) % window;
  const right = (window - (width % window)) % window;
  let y = bottom + right === 0 ? x : torch.pad(x, [0, 0, 0, 0, 0, bottom, right, 0]);
  const [rows, columns] = [(height + bottom) / window, (width + right) / window];
  const shifts = [rows > 1 ? attention.shift : 0, columns > 1 ? attention.shift : 0] as const;
  const shifted = shifts[0] + shifts[1] > 0;

  if (shifted) y = roll(torch, y, shifts);
  const tiles = torch.reshape(y, [batch, rows, window, columns, window, channels]);
  const windows = batch * rows * columns;
  const tokens = torch.reshape(torch.transpose(tiles, [0, 1, 3, 2, 4, 5]), [
    windows,
    window * window,
    channels,
  ]);
  const attended = attend(torch, tokens, attention, shifted ? rows * columns : 0);
  const untiled = torch.transpose(
    torch.reshape(attended, [batch, rows, columns, window, window, channels]),
    [0, 1, 3, 2, 4, 5],
  );
  y = torch.reshape(untiled, [batch, height + bottom, width + right, channels], 'NHWC');
  if (shifted) y = roll(torch, y, [-shifts[0], -shifts[1]]);
  if (bottom > 0) y = torch.slice(y, 1, 0, height);
  return right > 0 ? torch.slice(y, 2, 0, width) : y;
}

/** Cyclic shift towards the origin along height and width. */
function roll(
  torch: TorchBuilder,
  x: ShapedTensor,
  shifts: readonly [number, number],
): ShapedTensor {
  return shifts.reduce((y, shift, index) => {
    if (shift === 0) return y;
    const axis = index + 1;
    const extent = y.shape[axis]!;
    const start = shift > 0 ? shift : extent + shift;
    return torch.concat(
      [torch.slice(y, axis, start, extent), torch.slice(y, axis, 0, start)],
      axis,
    );
  }, x);
}

/** `maskedWindows`: windows per image if a mask separates shifted regions, else 0. */
function attend(
  torch: TorchBuilder,
  x: ShapedTensor,
  { heads, cosine }: WindowAttention,
  maskedWindows: number,
): ShapedTensor {
  const [windows, length, channels] = x.shape as [number, number, number];
  const headChannels = channels / heads;
  const projected = torch.reshape(torch.linear(x, 3 * channels), [
    windows,
    length,
    3,
    heads,
    headChannels,
  ]);
  const parts = torch.transpose(projected, [2, 0, 3, 1, 4]);
  const [query, key, value] = [0, 1, 2].map((part) => torch.select(parts, 0, part)) as [
    ShapedTensor,
    ShapedTensor,
    ShapedTensor,
  ];

  const transposed = (keys: ShapedTensor): ShapedTensor => torch.transpose(keys, [0, 1, 3, 2]);
  let scores: ShapedTensor;
  if (cosine) {
    const product = torch.matMul(normalize(torch, query), transposed(normalize(torch, key)));
    scores = torch.mul(product, torch.constant('logit_scale', [heads, 1, 1]));
  } else {
    const scaled = torch.mul(query, torch.scalar(headChannels ** -0.5));
    scores = torch.matMul(scaled, transposed(key));
  }
  scores = torch.add(scores, torch.constant('position_bias', [1, heads, length, length]));
  if (maskedWindows > 0) {
    const images = windows / maskedWindows;
    const split = torch.reshape(scores, [images, maskedWindows, heads, length, length]);
    const masked = torch.add(split, torch.constant('mask', [1, maskedWindows, 1, length, length]));
    scores = torch.reshape(masked, [windows, heads, length, length]);
  }
  const heard = torch.transpose(torch.matMul(torch.softmax(scores), value), [0, 2, 1, 3]);
  return torch.linear(torch.reshape(heard, [windows, length, channels]), channels);
}

/** x / max(|x|, 1e-12) over the last axis. */
function normalize(torch: TorchBuilder, x: ShapedTensor): ShapedTensor {
  const axes = [x.shape.length - 1];
  const norm = torch.op('reducel2', 'ReduceL2', [x], { axes, keepDims: true });
  const positive = torch.op('clip', 'Clip', [norm], { min: 1e-12 });
  return torch.binary('div', x, torch.op('expand', 'Expand', [positive], { shape: x.shape }));
}
