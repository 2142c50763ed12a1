import type { BegunBuild, BuiltDevice, BuiltFacts, Parameters, Result } from '../protocol.ts';
import { addBuilt, builtDevice, removeBuilt } from './devices.ts';
import * as kept from './kept.ts';

/** What the browser keeps of builds; a browser that keeps nothing says so when something is built. */
export async function readKept(): Promise<{
  readonly built: readonly BuiltFacts[];
  readonly begun: BegunBuild | undefined;
}> {
  try {
    const [devices, begun] = await Promise.all([kept.builtDevices(), kept.begunBuild()]);
    for (const device of devices) addBuilt(device);
    return { built: devices.map(factsOf), begun };
  } catch {
    return { built: [], begun: undefined };
  }
}

export async function keepBuilt({ built }: Parameters<'keepBuilt'>): Promise<Result<'keepBuilt'>> {
  await kept.keepBuilt(built);
  return { device: addBuilt(built), facts: factsOf(built) };
}

export async function forgetBuilt({ name }: Parameters<'forgetBuilt'>) {
  await kept.forgetBuilt(name);
  removeBuilt(name);
  return {};
}

/** A file of a plugin, or all of them as a zip of their folder. */
export async function downloadBuilt({ name, file }: Parameters<'downloadBuilt'>): Promise<Blob> {
  const { files } = builtDevice(name);
  if (file !== 'plugin') return new Blob([files[file] as BlobPart], { type: 'text/html' });
  const { strToU8, zipSync } = await import('fflate');
  const entries = Object.entries(files).map(([path, content]) => [
    `${name}/${path}`,
    typeof content === 'string' ? strToU8(content) : content,
  ]);
  return new Blob([zipSync(Object.fromEntries(entries)) as BlobPart], { type: 'application/zip' });
}

export const { begunBuild } = kept;

function factsOf({ definition, outcome, notes }: BuiltDevice): BuiltFacts {
  const { name, manifest } = definition;
  return { name, manifest, outcome, notes };
}
