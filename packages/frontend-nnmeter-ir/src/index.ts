export type {
  NnMeterIr,
  NnMeterIrConstant,
  NnMeterIrNode,
  RawAttributes,
  RawShape,
} from './format.ts';
export { frontend } from './frontend.ts';
export { schema as nnMeterIrSchema } from './generated/schema.ts';
export { canonicalOp } from './op-names.ts';
export { readNnMeterIr } from './to-graph.ts';
export { writeNnMeterIr } from './write.ts';
