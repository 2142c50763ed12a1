export { type AdaptedDevice, adaptDevice, learnDevice } from './adapt-device.ts';
export type { Anchor } from './anchors.ts';
export { calibrateInterval, coverage, type Residuals } from './calibrate-interval.ts';
export { type Datasheet, datasheetWeights } from './datasheet-weights.ts';
export type { Device, DeviceFolder } from './device.ts';
export { estimatePhysics, type PhysicsData } from './estimate-physics.ts';
export { accuracyOf, predictAll, type Totals } from './evaluate.ts';
export {
  accuracyByFamily,
  type LeftOutFamily,
  leaveFamiliesOut,
  type Train,
} from './family-protocol.ts';
export { type FewShotResult, runFewShot } from './few-shot-protocol.ts';
export { graphOf, KernelCollector, type KernelSet } from './kernel-set.ts';
export { type LearnedDevice, type LearnProtocol, learnAndRecord } from './learn-protocol.ts';
export type { DeviceData, MeasuredModels, ReadOptions } from './measured-models.ts';
export { type TrainedDevice, trainAndRecord } from './protocols.ts';
export { type RefitSpreads, refitTerms } from './refit-terms.ts';
export { type SquareKernel, squareKernel } from './square-kernel.ts';
export { type TrainingOptions, trainDevice } from './train-device.ts';
export { upperMedian } from './upper-median.ts';
