export { frontend } from './frontend.ts';
export { readNniIr } from './read.ts';
