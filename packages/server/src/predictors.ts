import { isMeant, type LatencyPredictor, loadLatencyPredictor } from '@nnmeter/predictor';

/** The predictors that requests name: those of the server, which may be calibrated, or any that is installed. */
export class Predictors {
  /** What requests get that name none. */
  readonly chosen: readonly LatencyPredictor[];
  readonly #found = new Map<string, Promise<LatencyPredictor>>();

  constructor(chosen: readonly LatencyPredictor[]) {
    this.chosen = chosen;
  }

  /** @throws NnMeterError E_UNKNOWN_PREDICTOR, E_MISSING_PACKAGE */
  async find(name: string, version: string | undefined): Promise<LatencyPredictor> {
    const chosen = this.chosen.find((predictor) => isMeant(predictor, name, version));
    if (chosen !== undefined) return chosen;
    const key = JSON.stringify([name.toLowerCase(), version]);
    const found = this.#found.get(key) ?? loadLatencyPredictor(name, version);
    await found;
    this.#found.set(key, found);
    return found;
  }
}
