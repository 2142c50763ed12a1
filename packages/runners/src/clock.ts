export interface Clock {
  /** The smallest step that it can tell, ms. */
  readonly stepMs: number;
  /** Milliseconds since any moment. */
  wallMs(): number;
  /** Processor time of this process, ms; absent where it is not known as finely. */
  cpuMs?(): number;
}

/** The smallest of a few steps of a clock that moves while this looks at it, ms. */
export function clockStep(now: () => number): number {
  let [last, smallest] = [now(), Infinity];
  for (let count = 0; count < 10; ) {
    const time = now();
    if (time === last) continue;
    smallest = Math.min(smallest, time - last);
    last = time;
    count++;
  }
  // Steps of 0.1 are 0.09999999403953552 apart.
  return Number(smallest.toPrecision(3));
}
