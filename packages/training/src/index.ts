export { type Anchor, readAnchors } from './anchors.ts';
export { type Benchmark, type DeviceData, readBenchmark } from './benchmark.ts';
export { accuracyOf, predictAll, type Totals } from './evaluate.ts';
export {
  accuracyByFamily,
  type LeftOutFamily,
  leaveFamiliesOut,
  type Train,
} from './family-protocol.ts';
export { type FewShotResult, runFewShot } from './few-shot-protocol.ts';
export { type TrainedDevice, trainAndRecord } from './protocols.ts';
export { type TrainingOptions, trainDevice } from './train-device.ts';
