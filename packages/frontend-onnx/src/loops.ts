import { type DataType, NnMeterError, normalizeAxis } from '@nnmeter/ir';
import type { Call } from './call.ts';
import { type Entry, Unknown } from './entry.ts';
import type { Inference } from './inference.ts';
import { runBranch } from './nested.ts';
import { aliases, type Outcome } from './outcome.ts';
import type { Scope } from './scope.ts';

/** Trips are written out, up to so many nodes of a loop. */
const MAX_LOOP_NODES = 100_000;

/**
 * `Loop`: every trip, as far as their number and the condition are known; where they depend on data, an assumed number in
 * all. What is collected has the trips as its first axis.
 */
export function inferLoop(inference: Inference, call: Call, scope: Scope): Outcome {
  const { tensors } = inference;
  const body = call.graph('body');
  const tripNodes = inference.branchTable(body).nodeCount;
  const count = call.inputs.length - 2;
  const most = call.has(0) ? call.input(0).values?.[0] : Number.POSITIVE_INFINITY;
  const known = (name: string, dataType: DataType, value: number): Entry => {
    const entry = tensors.make(scope, name, tensors.form('constant', dataType, []));
    entry.setValues([value]);
    return entry;
  };
  let condition = call.inputs[1] ?? known('condition', 'bool', 1);
  let carried: readonly Entry[] = Array.from({ length: count }, (_, index) =>
    call.input(index + 2),
  );
  const collected: (readonly Entry[])[] = [];
  let assumed: number | undefined;
  for (let trip = 0; ; trip++) {
    const goesOn = condition.values?.[0];
    if (goesOn === 0 || trip === most) break;
    if (goesOn === undefined || most === undefined) {
      assumed ??= call.assumptions.size('loop', most);
      if (trip >= assumed) break;
    }
    checkTrips(trip, tripNodes);
    const inputs = [known('iteration', 'int64', trip), condition, ...carried];
    const isAssuming = inference.isAssuming;
    inference.isAssuming ||= assumed !== undefined;
    const results = runBranch(inference, body, call, scope, inputs);
    inference.isAssuming = isAssuming;
    condition = results[0]!;
    carried = results.slice(1, count + 1);
    collected.push(results.slice(count + 1));
  }
  const collections = call.outputCount - count;
  if (collected.length === 0 && collections > 0) throw new Unknown('it makes no trip');
  const stacks = Array.from({ length: collections }, (_, index) =>
    inference.stack(
      call,
      scope,
      collected.map((results) => results[index]!),
    ),
  );
  return aliases([...carried, ...stacks]);
}

/** `Scan`: a loop over slices of its last inputs; what its trips collect stands along axes of its last results. */
export function inferScan(inference: Inference, call: Call, scope: Scope): Outcome {
  if (call.opset < 9) throw new Unknown('the Scan of opset 8 has another form');
  const body = call.graph('body');
  const scanned = call.requireInt('num_scan_inputs');
  const count = call.inputs.length - scanned;
  if (scanned < 1 || count < 0) {
    throw new NnMeterError('E_INVALID_GRAPH', `it cannot go through ${scanned} of its inputs`);
  }
  const lists = call.inputs.slice(count).map((_, index) => {
    const { length: rank } = call.shape(count + index);
    const axis = normalizeAxis(call.ints('scan_input_axes')?.[index] ?? 0, rank);
    return { entry: call.input(count + index), axis };
  });
  const trips = lists[0]!.entry.requireShape()[lists[0]!.axis]!;
  if (trips === 0) throw new Unknown('it makes no trip');
  checkTrips(trips, inference.branchTable(body).nodeCount);
  const slices = lists.map(({ entry, axis }, index) => {
    if (entry.requireShape()[axis] !== trips) {
      throw new NnMeterError('E_SHAPE', `its inputs have ${trips} and other numbers of slices`);
    }
    const parts = inference.unstack(call, scope, entry, axis);
    return inDirection(parts, call.ints('scan_input_directions')?.[index]);
  });
  let states: readonly Entry[] = Array.from({ length: count }, (_, index) => call.input(index));
  const collected: (readonly Entry[])[] = [];
  for (let trip = 0; trip < trips; trip++) {
    const parts = slices.map((slice) => slice[trip]!);
    const results = runBranch(inference, body, call, scope, [...states, ...parts]);
    states = results.slice(0, count);
    collected.push(results.slice(count));
  }
  const stacks = collected[0]!.map((_, index) => {
    const parts = collected.map((results) => results[index]!);
    const ordered = inDirection(parts, call.ints('scan_output_directions')?.[index]);
    return inference.stack(call, scope, ordered, call.ints('scan_output_axes')?.[index] ?? 0);
  });
  return aliases([...states, ...stacks]);
}

/** Backwards where the direction is 1. */
function inDirection(parts: readonly Entry[], direction: number | undefined): readonly Entry[] {
  return direction === 1 ? parts.toReversed() : parts;
}

function checkTrips(trips: number, nodesOfTrip: number): void {
  if (trips * Math.max(1, nodesOfTrip) > MAX_LOOP_NODES) {
    throw new Unknown(`its trips are more than ${MAX_LOOP_NODES.toLocaleString('en')} nodes`);
  }
}
