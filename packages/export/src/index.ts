export {
  type AxisOrder,
  AxisOrders,
  type Flattened,
  type ImageChannels,
  identity,
  isIdentity,
  keepsPlaces,
  permuted,
  placesInOrder,
  reducedOrder,
  reshapedOrder,
  splitsAndMerges,
} from './axis-order.ts';
export { foldIntoWeights } from './fold-into-weights.ts';
export { notExported } from './not-exported.ts';
export { packValues } from './pack-values.ts';
export { RandomWeights, type WeightRole } from './random-weights.ts';
export { requireExportable } from './require-exportable.ts';
export {
  type DenseMatrix,
  filterOrder,
  matrixForm,
  transposedFilterOrder,
} from './weight-order.ts';
