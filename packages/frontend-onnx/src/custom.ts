import type { AttributeValue, CustomAttributes, Shape } from '@nnmeter/ir';
import protobuf from 'protobufjs/minimal.js';
import type { Call } from './call.ts';
import { type AttributeProto, toNumber } from './model.ts';
import { type Computation, type Settled, shaped } from './outcome.ts';

/** Longer texts and lists are data, not settings. */
const MAX_LENGTH = 1024;

/** AttributeProto.type of the kinds that are plain values. */
const VALUES: Readonly<Record<number, (attribute: AttributeProto) => AttributeValue>> = {
  1: ({ f }) => f ?? 0,
  2: ({ i }) => toNumber(i),
  3: ({ s }) => decodeText(s ?? new Uint8Array(0)),
  6: ({ floats }) => [...(floats ?? [])],
  7: ({ ints }) => (ints ?? []).map(toNumber),
  8: ({ strings }) => (strings ?? []).map(decodeText),
};

/** A node outside the canonical vocabulary; keeps those of its attributes that are short plain values. */
export function custom(
  call: Call,
  shapes: readonly (Shape | undefined)[],
  extra: Pick<Partial<Computation>, 'dataTypes' | 'warning'> = {},
): Settled {
  const attributes: Record<string, AttributeValue> = Object.create(null);
  for (const attribute of call.attributes) {
    const read = VALUES[attribute.type ?? 0];
    if (read !== undefined && attribute.name && isShort(attribute)) {
      attributes[attribute.name] = read(attribute);
    }
  }
  return shaped('custom', { ...attributes } satisfies CustomAttributes, shapes, extra);
}

function isShort({ s, floats, ints, strings }: AttributeProto): boolean {
  return (
    [s, floats, ints, strings].every((list) => (list?.length ?? 0) <= MAX_LENGTH) &&
    (strings ?? []).every((text) => text.length <= MAX_LENGTH)
  );
}

function decodeText(bytes: Uint8Array): string {
  return protobuf.util.utf8.read(bytes, 0, bytes.length);
}
