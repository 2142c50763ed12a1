/** What reads and writes files; `index.ts` does not, and runs in browsers too. */
export { readAnchors } from './anchors.ts';
export { readDevice, readDevices } from './device.ts';
export { main } from './main.ts';
export { readMeasuredModels } from './measured-models.ts';
export { writePredictor } from './write-predictor.ts';
