import { type AssumedSize, type AssumedSizes, assumedSizes, parseShape } from '@nnmeter/ir';
import type { InputShapes, State } from './state.ts';

/** What a link says: never what is in a model. */
export interface Linked extends Pick<State, 'whatIf' | 'assume' | 'signatures' | 'shapes'> {
  readonly devices: readonly string[] | undefined;
  readonly networks: readonly string[];
}

/** Variables stand beside these names, as in a model. */
const OWN = ['devices', 'network', 'assume', 'signature', 'shape'];

/** The part of an address behind `#`, which browsers do not send to any server. */
export function linkOf(state: State): string {
  const { devices, models, whatIf, assume, signatures, shapes } = state;
  const parameters = new URLSearchParams();
  if (devices.length > 0) parameters.set('devices', devices.join(' '));
  for (const { origin } of models)
    if (origin.kind === 'network') parameters.append('network', origin.name);
  for (const name of signatures) parameters.append('signature', name);
  const given = [shapes, ...models.map(({ inputShapes }) => inputShapes ?? {})];
  for (const [name, shape] of new Map(given.flatMap((each) => Object.entries(each))))
    parameters.append('shape', `${name}=${shape.join('x')}`);
  for (const [name, size] of Object.entries(assume)) parameters.append('assume', `${name}=${size}`);
  for (const [name, value] of Object.entries(whatIf))
    if (!OWN.includes(name)) parameters.set(name, String(value));
  return parameters.toString();
}

export function readLink(hash: string): Linked {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''));
  const sizes = [...parameters].flatMap(([name, text]): [string, number][] => {
    const value = Number(text);
    const isSize = name === 'channels' ? Number.isFinite(value) : Number.isSafeInteger(value);
    return !OWN.includes(name) && isSize && value > 0 ? [[name, value]] : [];
  });
  return {
    devices: parameters.get('devices')?.split(' '),
    networks: parameters.getAll('network'),
    signatures: parameters.getAll('signature'),
    shapes: readShapes(parameters.getAll('shape')),
    assume: readAssumed(parameters.getAll('assume')),
    whatIf: Object.fromEntries(sizes),
  };
}

/** Of `nonzero=200` and the like; what is none is left out. */
function readAssumed(texts: readonly string[]): AssumedSizes {
  const names = Object.keys(assumedSizes) as AssumedSize[];
  return Object.fromEntries(
    names.flatMap((name) => {
      const size = Number(
        texts.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1),
      );
      return Number.isSafeInteger(size) && size > 0 ? [[name, size]] : [];
    }),
  );
}

/** Of `input=1x3x224x224` and the like; what is none is left out. */
function readShapes(texts: readonly string[]): InputShapes {
  return Object.fromEntries(
    texts.flatMap((text) => {
      const equals = text.lastIndexOf('=');
      try {
        return [[text.slice(0, equals), parseShape(text.slice(equals + 1))]];
      } catch {
        return [];
      }
    }),
  );
}
