import type { Call } from '../call.ts';
import type { Value } from '../value.ts';

/** By ActivationFunctionType: what is computed with the result of the op that it is fused into. */
const ACTIVATIONS: readonly ((call: Call, value: Value) => Value)[] = [
  (_, value) => value,
  (call, value) => call.one('relu', {}, [value]),
  (call, value) => call.one('clip', { min: -1, max: 1 }, [value]),
  (call, value) => call.one('relu', { min: 0, max: 6 }, [value]),
  (call, value) => call.one('tanh', {}, [value]),
  (call, value) => call.one('sign', {}, [value]),
];

/** A result after the activation that its op is fused with. */
export function activated(call: Call, value: Value, activation: number): readonly Value[] {
  const apply = ACTIVATIONS[activation] ?? ACTIVATIONS[0]!;
  return [apply(call, value)];
}
