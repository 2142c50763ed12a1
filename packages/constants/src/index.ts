export { type ConstantArray, type Elements, isShort, mostElements } from './array.ts';
export {
  type ConstantCall,
  type ConstantFunction,
  Evaluator,
  functionOfOp,
  type ResultForm,
} from './evaluate.ts';
export { isScatterReduction, nonZero } from './indexing.ts';
export { filled, range, rangeLength } from './movement.ts';
export { asType, hasUnknowns } from './types.ts';
