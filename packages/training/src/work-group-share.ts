import { type LatencyModelWeights, termSets } from '@nnmeter/latency-model';

/** Terms of a GPU's convolutions in work items, up to the edge of work groups; and in multiply-accumulates of plain blocks. */
const IN_ITEMS = ['conv: items K', 'conv: max(items, 2048) K'];
const IN_BLOCKS = 'conv: g O2 K co8';
/** A work item computes a block of 2 x 2 pixels of two texels. */
const PER_ITEM = 2 * 2 * 8;
/** What keeps being counted up to the edge. */
const SHARE = 0.5;

/**
 * Weights of a GPU with half of what whole work groups take given to plain blocks of pixels, which are the same where an
 * image has no edge within a group. Refitting multiplies coefficients: without it, a device whose runtime takes other groups
 * would have to keep those of the known one. Of other devices, as they are.
 */
export function shareWorkGroups(weights: LatencyModelWeights): LatencyModelWeights {
  if (weights.terms !== 'gpu') return weights;
  const { names } = termSets.gpu.terms;
  const coefficients = Float64Array.from(weights.coefficients);
  const blocks = names.indexOf(IN_BLOCKS);
  for (const name of IN_ITEMS) {
    const items = names.indexOf(name);
    coefficients[blocks]! += ((1 - SHARE) * coefficients[items]!) / PER_ITEM;
    coefficients[items]! *= SHARE;
  }
  return { ...weights, coefficients };
}
