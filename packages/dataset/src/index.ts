export { listDatasetFiles, readDatasetLines } from './dataset-files.ts';
export { familyOf, hashOf, isHeldOut } from './held-out.ts';
