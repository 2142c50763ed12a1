export { openFile } from './file-source.ts';
export { type ByteSource, LazyReader } from './lazy-reader.ts';
