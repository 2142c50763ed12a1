import type { Call } from '../call.ts';
import { flexInteger } from '../flexbuffer.ts';
import type { Value } from '../value.ts';
import { plain, type TfLiteOp } from './rule.ts';

/** Inputs: boxes, scores, the most that are kept; how many are depends on data, the results are padded to the most. */
function suppression(call: Call): readonly Value[] {
  const most = call.integer(2);
  const shapes = call.stated.map((_, slot) => (slot === call.stated.length - 1 ? [] : [most]));
  return call.emit('nonmaxsuppression', {}, [call.input(0), call.input(1)], { shapes });
}

/** Decodes boxes, and keeps the best. Inputs: boxes, scores, anchors; results: boxes, classes, scores, how many. */
function detection(call: Call): readonly Value[] {
  const most = flexInteger(call.customOptions, 'max_detections') ?? call.statedShape(1)[1]!;
  const classes = flexInteger(call.customOptions, 'max_classes_per_detection') ?? 1;
  const count = most * classes;
  const shapes = [[1, count, 4], [1, count], [1, count], [1]];
  return call.emit('nonmaxsuppression', {}, call.inputs, { shapes });
}

export const detectionOps: readonly TfLiteOp[] = [
  plain('NON_MAX_SUPPRESSION_V4', suppression),
  plain('NON_MAX_SUPPRESSION_V5', suppression),
];

export const customDetectionOps: readonly TfLiteOp[] = [
  plain('TFLite_Detection_PostProcess', detection),
];
