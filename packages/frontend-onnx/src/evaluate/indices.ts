import type { Shape } from '@nnmeter/ir';

/** Distance in elements between neighbours on each axis of a dense tensor. */
export function stridesOf(shape: Shape): readonly number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  }
  return strides;
}

/** Calls back with the coordinates of every element in order and collects the results. */
export function mapCoordinates<T>(
  shape: Shape,
  element: (coordinates: readonly number[]) => T,
): T[] {
  const result: T[] = [];
  const coordinates = new Array<number>(shape.length).fill(0);
  const count = shape.reduce((product, extent) => product * extent, 1);
  for (let index = 0; index < count; index++) {
    result.push(element(coordinates));
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++coordinates[axis]! < shape[axis]!) break;
      coordinates[axis] = 0;
    }
  }
  return result;
}

/** Position of coordinates in a tensor that is broadcast to them: axes of extent 1 stay at 0. */
export function broadcastPosition(shape: Shape, coordinates: readonly number[]): number {
  const strides = stridesOf(shape);
  const offset = coordinates.length - shape.length;
  return shape.reduce(
    (position, extent, axis) =>
      extent === 1 ? position : position + coordinates[offset + axis]! * strides[axis]!,
    0,
  );
}
