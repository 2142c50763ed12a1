import { type Call, NotKnown } from '../call.ts';
import type { Value } from '../value.ts';
import { int32, options, uint32 } from './options.ts';
import { row, type TfLiteOp } from './rule.ts';

const CALL = options(16, { subgraph: uint32(0) });
const IF = options(92, { whenTrue: int32(0), whenFalse: int32(1) });
const WHILE = options(93, { condition: int32(0), body: int32(1) });
const COMPOSITE = options(21, { decomposition: int32(1) }, 2);

/** Sequences of recurrent networks are shorter. */
const MOST_TRIPS = 2000;

/** The branch that is taken where the condition is known. */
function branch(call: Call, whenTrue: number, whenFalse: number): readonly Value[] {
  const condition = call.input(0).values?.[0];
  if (condition === undefined) {
    throw new NotKnown('which branch is taken depends on data, and the work of neither is counted');
  }
  return call.bodies.inline(condition === 0 ? whenFalse : whenTrue, operands(call, 1), 'branch');
}

/** Every trip of a loop, as far as its condition is known from constants: recurrent layers count their steps. */
function loop(call: Call, condition: number, body: number): readonly Value[] {
  const results = call.bodies.attempt(() => {
    let state: readonly Value[] = operands(call, 0);
    for (let trip = 0; trip < MOST_TRIPS; trip++) {
      const goesOn = call.bodies.evaluate(condition, state)[0]?.values?.[0];
      if (goesOn === undefined) return undefined;
      if (goesOn === 0) return state;
      state = call.bodies.inline(body, state, `trip ${trip + 1}`);
    }
    return undefined;
  });
  if (results !== undefined) return results;
  throw new NotKnown(
    `how often the body runs is not known, or it is over ${MOST_TRIPS} times, and its work is not counted`,
  );
}

function operands(call: Call, start: number): Value[] {
  return call.inputs.slice(start).map((_, index) => call.input(start + index));
}

export const subgraphOps: readonly TfLiteOp[] = [
  row('CALL', CALL, (call, { subgraph }) =>
    call.bodies.inline(subgraph, operands(call, 0), 'call'),
  ),
  row('STABLEHLO_COMPOSITE', COMPOSITE, (call, { decomposition }) =>
    call.bodies.inline(decomposition, operands(call, 0), 'composite'),
  ),
  row('IF', IF, (call, { whenTrue, whenFalse }) => branch(call, whenTrue, whenFalse)),
  row('WHILE', WHILE, (call, { condition, body }) => loop(call, condition, body)),
];
