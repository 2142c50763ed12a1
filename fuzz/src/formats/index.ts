import type { FuzzFormat } from '../format.ts';
import { calibration, datasetLine, weights } from './devices.ts';
import {
  nni,
  nnMeterIr,
  onnx,
  pt2,
  savedModel,
  savedModelZip,
  tensorflow,
  tflite,
} from './models.ts';
import { description, fusionRules, pickle, store, zip } from './predictors.ts';

/** Every kind of file that is read. */
export const formats: readonly FuzzFormat[] = [
  onnx,
  tensorflow,
  savedModel,
  savedModelZip,
  tflite,
  pt2,
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
