export { readSklearnForest, type SklearnForest } from './read-forest.ts';
