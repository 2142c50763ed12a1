export { listDatasetFiles, type ReadingOptions, readDatasetLines } from './dataset-files.ts';
export { type DatasetModel, parseDatasetModel, readDatasetModels } from './dataset-model.ts';
export { familyOf, foldOf, hashOf, isHeldOut } from './held-out.ts';
