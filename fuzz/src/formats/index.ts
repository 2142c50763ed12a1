import type { FuzzFormat } from '../format.ts';
import { calibration, datasetLine, weights } from './devices.ts';
import { nni, nnMeterIr, onnx, savedModel, tensorflow } from './models.ts';
import { description, fusionRules, pickle, store, zip } from './predictors.ts';

/** Every kind of file that is read. */
export const formats: readonly FuzzFormat[] = [
  onnx,
  tensorflow,
  savedModel,
  nni,
  nnMeterIr,
  pickle,
  weights,
  description,
  fusionRules,
  store,
  calibration,
  datasetLine,
  zip,
];
