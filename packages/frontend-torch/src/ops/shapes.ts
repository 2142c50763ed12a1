import type { Shape } from '@nnmeter/ir';

export function sameShape(a: Shape, b: Shape | undefined): boolean {
  return a.length === b?.length && a.every((extent, axis) => extent === b[axis]);
}
