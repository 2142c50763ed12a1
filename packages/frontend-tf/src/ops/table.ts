import { constantRows } from './constants.ts';
import { convolutionRows } from './convolution.ts';
import { elementwiseRows } from './elementwise.ts';
import { movementRows } from './movement.ts';
import { poolingAndNormRows } from './pooling-and-norms.ts';
import type { Rule } from './rule.ts';
import { slicingRows } from './slicing.ts';

const rules = new Map<string, Rule>();
for (const rows of [
  constantRows,
  convolutionRows,
  elementwiseRows,
  movementRows,
  poolingAndNormRows,
  slicingRows,
]) {
  for (const [ops, rule] of rows) for (const op of ops.split(' ')) rules.set(op, rule);
}

export function ruleOf(op: string): Rule | undefined {
  return rules.get(op);
}

/** Every TensorFlow op with shape inference, sorted. */
export function supportedTensorFlowOps(): readonly string[] {
  return [...rules.keys(), 'Placeholder', ...SIDE_EFFECTS].sort();
}

/** Ops that only training, saving, checks and input queues use: no result of the network needs them. */
const SIDE_EFFECTS = new Set(
  (
    'NoOp Assert Print PrintV2 SaveV2 RestoreV2 MergeV2Checkpoints ShardedFilename Assign AssignAdd AssignSub ' +
    'AssignVariableOp AssignAddVariableOp AssignSubVariableOp VarIsInitializedOp FIFOQueue FIFOQueueV2 RandomShuffleQueue ' +
    'RandomShuffleQueueV2 PaddingFIFOQueueV2 QueueEnqueue QueueEnqueueV2 QueueEnqueueMany QueueEnqueueManyV2 QueueClose ' +
    'QueueCloseV2 QueueSize QueueSizeV2 ScalarSummary HistogramSummary ImageSummary MergeSummary ApplyGradientDescent ' +
    'ApplyMomentum ApplyAdam ApplyRMSProp'
  ).split(' '),
);

export function hasOnlySideEffects(op: string): boolean {
  return SIDE_EFFECTS.has(op);
}
