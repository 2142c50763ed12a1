export { LazyReader } from './lazy-reader.ts';
export { type MessageFields, protobufBytes } from './sparse-copy.ts';
