import type { Call } from '../call.ts';
import type { Value } from '../value.ts';
import { row, type TfLiteOp } from './rule.ts';

/** The branch that is taken where the condition is known, else the one that is more nodes. */
function branch(call: Call, whenTrue: number, whenFalse: number): readonly Value[] {
  const { bodies } = call;
  const inputs = operands(call, 1);
  const condition = call.input(0).values?.[0];
  if (condition !== undefined) {
    return bodies.inline(condition === 0 ? whenFalse : whenTrue, inputs, 'branch');
  }
  bodies.warn('which branch is taken depends on data; the longer one is counted');
  const isTrueLonger = bodies.count(whenTrue, inputs) >= bodies.count(whenFalse, inputs);
  return bodies.inline(isTrueLonger ? whenTrue : whenFalse, inputs, 'branch');
}

/**
 * Every trip of a loop, as far as its condition is known from constants: recurrent layers count their steps. Where it
 * depends on data, an assumed number of trips in all.
 */
function loop(call: Call, condition: number, body: number): readonly Value[] {
  let state: readonly Value[] = operands(call, 0);
  let assumed: number | undefined;
  for (let trip = 0; ; trip++) {
    const goesOn = call.bodies.evaluate(condition, state)[0]?.values?.[0];
    if (goesOn === undefined) assumed ??= call.assumptions.size('loop');
    if (goesOn === 0 || (goesOn === undefined && trip >= assumed!)) return state;
    state = call.bodies.inline(body, state, `trip ${trip + 1}`);
  }
}

function operands(call: Call, start: number): Value[] {
  return call.inputs.slice(start).map((_, index) => call.input(start + index));
}

export const subgraphOps: readonly TfLiteOp[] = [
  row('CALL', (call, { subgraph }) => call.bodies.inline(subgraph, operands(call, 0), 'call')),
  row('STABLEHLO_COMPOSITE', (call, { decomposition }) =>
    call.bodies.inline(decomposition, operands(call, 0), 'composite'),
  ),
  row('IF', (call, { whenTrue, whenFalse }) => branch(call, whenTrue, whenFalse)),
  row('WHILE', (call, { condition, body }) => loop(call, condition, body)),
];
