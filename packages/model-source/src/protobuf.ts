export { ByteTable } from './byte-table.ts';
export { LazyReader } from './lazy-reader.ts';
export { NameTable } from './name-table.ts';
export { type MessageFields, protobufBytes } from './sparse-copy.ts';
