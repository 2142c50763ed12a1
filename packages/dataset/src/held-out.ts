/** A tenth of the nn-Meter benchmark's models is held out. */
const TENTHS = 10;

/**
 * The one place that decides which models of the nn-Meter benchmark training holds out: by a hash of the id, the same for every
 * device. `splitSeeds[0]` of a manifest is the seed of its predictor.
 */
export function isHeldOut(id: string, seed = 0): boolean {
  return foldOf(id, TENTHS, seed) === 0;
}

/**
 * Which of so many equal parts (at most 100) of all models one belongs to, from 0, by the same hash. The first of five holds
 * the first of ten.
 */
export function foldOf(id: string, folds: number, seed = 0): number {
  return Math.floor(((hashOf(id, seed) % 100) * folds) / 100);
}

/** 32-bit hash (FNV-1a) of a model's id. */
export function hashOf(id: string, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let index = 0; index < id.length; index++)
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  // Final mixing, since ids of a family differ in their last digits only.
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  return hash >>> 0;
}

/**
 * `resnet` of `resnet18_12`: the id of a model without its variant number and the depth or size of the network. This is
 * how the nn-Meter benchmark names its models; other ids are families of their own unless they are named alike.
 */
export function familyOf(id: string): string {
  return id.replace(/_\d+$/, '').replace(/(?<=[a-z]{2}[a-uw-z])\d+$|(?<=v\d)(large|small)$/, '');
}
