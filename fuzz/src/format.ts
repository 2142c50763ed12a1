import type fc from 'fast-check';

/** A kind of file that is read, how to damage it, and what must hold for whatever comes of that. */
export interface FuzzFormat {
  readonly name: string;
  /** What the names of its files end in, with the dot. */
  readonly suffix: string;
  /** How many mutants the tests run; `npm run fuzz` runs as many as there is time for. */
  readonly testRuns: number;
  /** Mutants of valid files; made when first asked for, as files are read for them. */
  readonly mutants: () => fc.Arbitrary<Uint8Array>;
  /**
   * Reads a file and does with it what users do.
   * @throws NnMeterError if the file is refused, {@link Violation} if something is not as it must be
   */
  readonly use: (bytes: Uint8Array) => void | Promise<void>;
}
