import type { WhatIf } from '../protocol.ts';
import type { State } from './state.ts';

/** What a link says: never what is in a model. */
export interface Linked {
  readonly devices: readonly string[] | undefined;
  readonly networks: readonly string[];
  readonly whatIf: WhatIf;
}

/** Variables stand beside these names, as in a model. */
const OWN = ['devices', 'network'];

/** The part of an address behind `#`, which browsers do not send to any server. */
export function linkOf({ devices, models, whatIf }: State): string {
  const parameters = new URLSearchParams();
  if (devices.length > 0) parameters.set('devices', devices.join(' '));
  for (const { origin } of models)
    if (origin.kind === 'network') parameters.append('network', origin.name);
  for (const [name, value] of Object.entries(whatIf))
    if (!OWN.includes(name)) parameters.set(name, String(value));
  return parameters.toString();
}

export function readLink(hash: string): Linked {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''));
  const sizes = [...parameters].flatMap(([name, text]): [string, number][] => {
    const value = Number(text);
    return !OWN.includes(name) && Number.isFinite(value) && value > 0 ? [[name, value]] : [];
  });
  return {
    devices: parameters.get('devices')?.split(' '),
    networks: parameters.getAll('network'),
    whatIf: Object.fromEntries(sizes),
  };
}
