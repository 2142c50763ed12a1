import { NnMeterError, quote } from './errors.ts';
import type { Shape } from './tensor.ts';

/**
 * Reads a shape as people write it: `1,3,224,224`, `1x3x224x224` or `1 3 224 224`.
 * @throws NnMeterError E_INVALID_INPUT for anything but positive integers
 */
export function parseShape(text: string): Shape {
  const extents = text.trim().split(/\s*[,x]\s*|\s+/);
  const shape = extents.map((extent) => (/^\d+$/.test(extent) ? Number(extent) : Number.NaN));
  if (shape.every((extent) => Number.isSafeInteger(extent) && extent > 0)) return shape;
  throw new NnMeterError('E_INVALID_INPUT', `${quote(text)} is not a shape`, {
    hint: 'write positive integers: 1,3,224,224 or 1x3x224x224',
  });
}
