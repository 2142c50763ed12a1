import type { DataType, Shape } from '@nnmeter/ir';
import type { Call } from './call.ts';
import { custom } from './custom.ts';
import { type Entry, looseEntry, Unknown } from './entry.ts';
import type { Inference } from './inference.ts';
import { runBody, runBranch } from './nested.ts';
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
  const tripNodes = Math.max(1, inference.branchTable(body).nodeCount);
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
    if (trip * tripNodes > MAX_LOOP_NODES) {
      throw new Unknown(`its trips are more than ${MAX_LOOP_NODES.toLocaleString('en')} nodes`);
    }
    const inputs = [known('iteration', 'int64', trip), condition, ...carried];
    const results = runBranch(inference, body, call, scope, inputs);
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

/** `Scan`: as a loop over slices of its last inputs. */
export function inferScan(inference: Inference, call: Call, scope: Scope): Outcome {
  if (call.opset < 9) throw new Unknown('the Scan of opset 8 has another form');
  const scanned = call.requireInt('num_scan_inputs');
  const states = call.inputs.slice(0, call.inputs.length - scanned);
  const slices = call.inputs.slice(call.inputs.length - scanned);
  const axes = call.ints('scan_input_axes') ?? slices.map(() => 0);
  const shapes = slices.map((entry) => entry?.requireShape() ?? []);
  const axisOf = (index: number, rank: number): number => {
    const axis = axes[index] ?? 0;
    return axis < 0 ? axis + rank : axis;
  };
  const length = shapes[0]?.[axisOf(0, shapes[0].length)] ?? 0;
  const inputs = [
    ...states.map((entry) => perTrip(entry, entry?.shape)),
    ...slices.map((entry, index) =>
      perTrip(entry, shapes[index]!.toSpliced(axisOf(index, shapes[index]!.length), 1)),
    ),
  ];
  const results = runBody(inference, call, scope, inputs);
  const outputAxes = call.ints('scan_output_axes') ?? [];
  return uncounted(call, states, results, (result, index) =>
    result.toSpliced(outputAxes[index] ?? 0, 0, length),
  );
}

function uncounted(
  call: Call,
  carried: readonly (Entry | undefined)[],
  results: readonly Entry[],
  collected: (result: Shape, index: number) => Shape | undefined,
): Outcome {
  const isKept = carried.every(
    (entry, index) => entry?.knownShape?.join() === results[index]?.knownShape?.join(),
  );
  const shapes = results.map(({ knownShape }, index) => {
    if (knownShape === undefined || !isKept) return undefined;
    return index < carried.length ? knownShape : collected(knownShape, index - carried.length);
  });
  return custom(call, shapes, {
    dataTypes: results.map((result) => result.dataType),
    warning: `${call.label}: the work of its body is not counted`,
  });
}

/** What the body sees of a tensor from outside: not its values, which change from trip to trip. */
function perTrip(entry: Entry | undefined, shape: Shape | undefined): Entry {
  return looseEntry(entry?.name ?? '', entry?.dataType ?? 'int64', shape);
}
