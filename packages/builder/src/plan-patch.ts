import { createRandom } from '@nnmeter/forest';
import { elementCount, type Graph, macsOfNodes, NnMeterError } from '@nnmeter/ir';
import { sha256 } from 'js-sha256';
import { type Draft, type Draw, shuffled } from './draw.ts';
import { NETWORK_DRAWS } from './network-draws.ts';
import { ownModels } from './own-models.ts';
import { type PlannedModel, toModel } from './planned-model.ts';

import { KERNEL_DRAWS } from './single-kernels.ts';

export interface PlanOptions {
  readonly seed: number;
  readonly count: number;
  /** Networks that the predictor is for: they are measured too, and so are kernels like theirs. */
  readonly own?: readonly Graph[];
}

/** As the networks of the experiments that set the defaults (docs/own-device.md). */
const LEAST_MACS = 10e6;
const MOST_MACS = 1.5e9;
/** Of weights: what takes seconds to write and load could be measured ten times less often. */
const MOST_WEIGHTS = 25e6;
/** Of draws until a network has a size that can be measured. */
const MAX_DRAWS = 50;
/** Of each round. */
const KERNELS_A_ROUND = 4;
const OWN_A_ROUND = 8;

/**
 * Models to measure a device with, in the order of measuring: rounds that each hold one network of every family, single
 * kernels, and the user's own networks and their kernels until there are no more. So every beginning of a plan is a plan
 * of its own, and a longer one of the same seed goes on where a shorter one ends.
 */
export function planModels({ seed, count, own = [] }: PlanOptions): PlannedModel[] {
  const random = createRandom(seed);
  const models = shuffled(ownModels(own), random);
  const owned = [
    ...models.filter(({ isKernel }) => !isKernel),
    ...models.filter(({ isKernel }) => isKernel),
  ];
  const planned = new Map<string, PlannedModel>();
  while (planned.size < count) {
    const kernels = shuffled(KERNEL_DRAWS, random).slice(0, KERNELS_A_ROUND);
    const draws: readonly (Draw | PlannedModel)[] = shuffled(
      [...NETWORK_DRAWS, ...kernels, ...owned.splice(0, OWN_A_ROUND)],
      random,
    );
    for (const draw of draws) {
      const model = typeof draw === 'function' ? drawModel(draw, random) : draw;
      if (planned.size < count) planned.set(model.id, model);
    }
  }
  return [...planned.values()];
}

/** What a plan of this seed for these networks is, whatever its length: SHA-256 of how it begins, hex. */
export function planHash(options: Omit<PlanOptions, 'count'>): string {
  const ids = planModels({ ...options, count: 2 * NETWORK_DRAWS.length }).map(({ id }) => id);
  return sha256(JSON.stringify(ids));
}

function drawModel(draw: Draw, random: () => number): PlannedModel {
  for (let attempt = 0; attempt < MAX_DRAWS; attempt++) {
    const draft = draw(random);
    if (hasRightSize(draft)) return toModel(draft);
  }
  throw new Error(`no network of a size that can be measured in ${MAX_DRAWS} draws`);
}

/** Also that its image is not too small for it. */
function hasRightSize({ build, isKernel }: Draft): boolean {
  try {
    const graph = build('draft');
    const macs = macsOfNodes(graph).reduce((sum, each) => sum + each, 0);
    const fits = macs <= MOST_MACS && weightsOf(graph) <= MOST_WEIGHTS;
    return fits && (isKernel || macs >= LEAST_MACS);
  } catch (error) {
    if (error instanceof NnMeterError && error.code === 'E_SHAPE') return false;
    throw error;
  }
}

/** Number of elements of all constants. */
function weightsOf(graph: Graph): number {
  let elements = 0;
  for (const { kind, shape } of graph.tensors.values())
    if (kind === 'constant') elements += elementCount(shape ?? []);
  return elements;
}
