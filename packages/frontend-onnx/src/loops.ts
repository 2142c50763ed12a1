import type { Shape } from '@nnmeter/ir';
import type { Call } from './call.ts';
import { custom } from './custom.ts';
import { type Entry, looseEntry, Unknown } from './entry.ts';
import type { Inference } from './inference.ts';
import { runBody } from './nested.ts';
import type { Outcome } from './outcome.ts';
import type { Scope } from './scope.ts';

/**
 * `Loop`: a carried tensor keeps its shape if the body returns the shape it got; what is collected has the number of
 * trips, if that is known, as its first axis.
 */
export function inferLoop(inference: Inference, call: Call, scope: Scope): Outcome {
  const trips = call.inputs[0]?.values?.[0];
  const carried = call.inputs.slice(2);
  const iteration = looseEntry('iteration', 'int64', []);
  const condition = looseEntry('condition', 'int64', []);
  const inputs = [iteration, condition, ...carried.map((entry) => perTrip(entry, entry?.shape))];
  const results = runBody(inference, call, scope, inputs).slice(1);
  return uncounted(call, carried, results, (result) =>
    trips === undefined ? undefined : [trips, ...result],
  );
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
