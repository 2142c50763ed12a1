export type { ByteSource } from './byte-source.ts';
export { checkReadOptions } from './check-options.ts';
export {
  FOREIGN_FOLDER_FILES,
  type ForeignFormat,
  foreignFormat,
  foreignFormatOf,
  isZip,
} from './foreign-formats.ts';
export type { FormatFacts, Frontend } from './frontend.ts';
export { HEAD_BYTES, type ModelSource } from './model-source.ts';
export { isBlob, type ModelInput, type OpenOptions, openModel } from './open-model.ts';
export { readModel } from './read-model.ts';
export { jsonHead, readWhole } from './read-whole.ts';
