/** One model, measured on one device and predicted for it; ms. */
export interface Comparison {
  readonly id: string;
  readonly measured: number;
  readonly predicted: number;
  /** Undefined if the predictor gives no interval. */
  readonly inInterval: boolean | undefined;
}
