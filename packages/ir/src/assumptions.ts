import { NnMeterError, quote } from './errors.ts';
import type { ReadOptions } from './read-options.ts';

/**
 * Sizes that data alone decide, by the op that does it, and how large they are taken to be: detectors keep some 100 boxes
 * of an image (COCO scores the best 100), and a loop of unknown length is costed once.
 */
export const assumedSizes = {
  nonzero: { size: 100, of: 'elements that are not zero: NonZero, Where with one operand' },
  compress: { size: 100, of: 'what a mask lets through: Compress, BooleanMask' },
  unique: { size: 100, of: 'distinct elements' },
  nonmaxsuppression: {
    size: 100,
    of: 'boxes that survive non-maximum suppression, of all classes and images together',
  },
  topk: { size: 100, of: 'a count of elements that is computed: TopK, Range, a slice' },
  side: { size: 100, of: 'a side of an image that is computed: Resize, Pad' },
  loop: { size: 1, of: 'iterations of a loop that ends on a computed condition' },
} as const satisfies Readonly<Record<string, { readonly size: number; readonly of: string }>>;

export type AssumedSize = keyof typeof assumedSizes;

/** Some of them, and how large each is. */
export type AssumedSizes = Readonly<Partial<Record<AssumedSize, number>>>;

/** The sizes assumed for one model: what the user says, or the default; keeps account of those that were needed. */
export class Assumptions {
  readonly #sizes: ReadonlyMap<string, number>;
  readonly #uses = new Map<string, { nodes: number; name: AssumedSize; size: number }>();

  /** @throws NnMeterError E_INVALID_INPUT for a name that is no assumption, or a size that is no positive integer */
  constructor(assume: ReadOptions['assume'] = {}) {
    for (const [name, size] of Object.entries(assume)) {
      if (!Object.hasOwn(assumedSizes, name)) {
        throw new NnMeterError(
          'E_INVALID_INPUT',
          `nothing is assumed of ${quote(name)}; sizes can be given for ${Object.keys(assumedSizes).join(', ')}`,
        );
      }
      if (!Number.isSafeInteger(size) || size < 1) {
        throw new NnMeterError(
          'E_INVALID_INPUT',
          `the size assumed for ${quote(name)} must be a positive integer, not ${size}`,
        );
      }
    }
    const defaults = Object.entries(assumedSizes).map(([name, { size }]) => [name, size] as const);
    this.#sizes = new Map([...defaults, ...Object.entries(assume)]);
  }

  /** The size to go on with at one node. @param atMost what it cannot exceed */
  size(name: AssumedSize, atMost = Number.POSITIVE_INFINITY): number {
    const size = Math.min(this.#sizes.get(name)!, atMost);
    const key = `${name} ${size}`;
    const use = this.#uses.get(key) ?? { nodes: 0, name, size };
    use.nodes++;
    this.#uses.set(key, use);
    return size;
  }

  /** The sizes that were needed, as far as nothing at a node bounds them. */
  get used(): AssumedSizes {
    const names = new Set([...this.#uses.values()].map(({ name }) => name));
    return Object.fromEntries([...names].map((name) => [name, this.#sizes.get(name)!]));
  }

  /** One warning that names what was assumed; none if nothing was. */
  get warnings(): readonly string[] {
    if (this.#uses.size === 0) return [];
    const uses = [...this.#uses.values()].map(
      ({ name, size, nodes }) => `${name}=${size} (${nodes} node${nodes === 1 ? '' : 's'})`,
    );
    return [`sizes that depend on data are assumed: ${uses.join(', ')}`];
  }
}
