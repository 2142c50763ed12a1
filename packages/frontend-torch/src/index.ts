export { frontend, readPt2 } from './frontend.ts';
