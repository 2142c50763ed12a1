export { frontend } from './frontend.ts';
export { readNniIr } from './to-graph.ts';
