import { elementCount, type Tensor } from '@nnmeter/ir';

/** Elements of a tensor; 0 if its shape is not known. */
export function elementsOf(tensor: Tensor | undefined): number {
  return tensor?.shape === undefined ? 0 : elementCount(tensor.shape);
}

export function sumOfElements(tensors: readonly Tensor[]): number {
  let sum = 0;
  for (const tensor of tensors) sum += elementsOf(tensor);
  return sum;
}
