export { frontend, readTfLiteFile } from './frontend.ts';
export { supportedTfLiteOps } from './ops/table.ts';
export { readTfLite } from './read.ts';
