import { FUSED_OPS } from '../fused-ops.ts';
import { constantRows } from './constants.ts';
import { convolutionRows } from './convolution.ts';
import { elementwiseRows } from './elementwise.ts';
import { movementRows, reshapeRows } from './movement.ts';
import { poolingAndNormRows } from './pooling-and-norms.ts';
import { recurrentRows } from './recurrent.ts';
import type { Rows, Rule } from './rule.ts';
import { signalRows, uncostedSignalRows } from './signal.ts';
import { slicingRows } from './slicing.ts';
import { textRows } from './text.ts';
import { uncostedRows } from './uncosted.ts';

/**
 * What is known of a TensorFlow op. `costed`: shapes and cost. `free`: it vanishes from the graph, renames axes, or
 * handles text. `shapes`: the shapes of its results, where they do not depend on data.
 */
export type TensorFlowOpSupport = 'costed' | 'free' | 'shapes';

const COSTED = [
  convolutionRows,
  elementwiseRows,
  movementRows,
  poolingAndNormRows,
  recurrentRows,
  signalRows,
  slicingRows,
];
const FREE = [constantRows, reshapeRows, textRows];
const SHAPES = [uncostedRows, uncostedSignalRows];

const rules = new Map<string, Rule>();
const support = new Map<string, TensorFlowOpSupport>();

function enter(tables: readonly Rows[], as: TensorFlowOpSupport): void {
  for (const rows of tables) {
    for (const [ops, rule] of rows) {
      for (const op of ops.split(' ')) {
        rules.set(op, rule);
        support.set(op, as);
      }
    }
  }
}

enter(COSTED, 'costed');
enter(FREE, 'free');
enter(SHAPES, 'shapes');
for (const op of FUSED_OPS) support.set(op, 'costed');

export function ruleOf(op: string): Rule | undefined {
  return rules.get(op);
}

/** Inputs, calls, loops, branches and lists, which reading replaces by what they run or hold. */
const STRUCTURE =
  'Placeholder PartitionedCall StatefulPartitionedCall TPUPartitionedCall RemoteCall SymbolicGradient BatchFunction ' +
  'While StatelessWhile If StatelessIf Case StatelessCase _SwitchN TensorListReserve EmptyTensorList ' +
  'TensorListFromTensor TensorListScatter TensorListScatterV2 TensorListSetItem TensorListPushBack TensorListPopBack ' +
  'TensorListResize TensorListLength TensorArrayV3 TensorArrayScatterV3 TensorArrayWriteV3 TensorArraySizeV3';

/** Ops that only training, saving, checks and input queues use: no result of the network needs them. */
const SIDE_EFFECTS =
  'NoOp Assert Print PrintV2 SaveV2 RestoreV2 MergeV2Checkpoints ShardedFilename Assign AssignAdd AssignSub ' +
  'AssignVariableOp AssignAddVariableOp AssignSubVariableOp VarIsInitializedOp FIFOQueue FIFOQueueV2 RandomShuffleQueue ' +
  'RandomShuffleQueueV2 PaddingFIFOQueueV2 QueueEnqueue QueueEnqueueV2 QueueEnqueueMany QueueEnqueueManyV2 QueueClose ' +
  'QueueCloseV2 QueueSize QueueSizeV2 ScalarSummary HistogramSummary ImageSummary MergeSummary ApplyGradientDescent ' +
  'ApplyMomentum ApplyAdam ApplyRMSProp';

const sideEffects = new Set(SIDE_EFFECTS.split(' '));
for (const op of [...STRUCTURE.split(' '), ...sideEffects]) support.set(op, 'free');

export function hasOnlySideEffects(op: string): boolean {
  return sideEffects.has(op);
}

/** Every TensorFlow op of which something is known, by name. */
export function supportedTensorFlowOps(): ReadonlyMap<string, TensorFlowOpSupport> {
  return new Map([...support].sort(([a], [b]) => (a < b ? -1 : 1)));
}
