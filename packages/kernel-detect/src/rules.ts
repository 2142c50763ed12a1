/** A device's fusion behaviour as data. */
export interface FusionRules {
  /** nn-Meter's rule names, `BF_<type>_<type>`, with names normalised: maxpool, avgpool, fc. */
  readonly fuse: Readonly<Record<string, boolean>>;
}
