import type { DeviceFacts } from '@nnmeter/predictor';
import releases from './generated/releases.ts';

/** nn-Meter's word for the kind of a device, in its configuration files. */
export type Category = DeviceFacts['kind'];

/** A predictor that the authors of nn-Meter published. */
export interface NnMeterRelease {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly version: string;
  readonly category: Category;
  readonly device: DeviceFacts;
  /** Names of the random forests in the zip. */
  readonly kernels: readonly string[];
  /** The zip of the release: `<name>/<kernel>.pkl` and `<name>/fusion_rules.json`. */
  readonly url: string;
  /** Share of the authors' 26,000 benchmark models predicted within 10 % of the measurement, as they published it. */
  readonly within10: number;
}

/** The 26,000 measured models of the authors, a zip of JSON Lines files. */
export const BENCHMARK_URL =
  'https://github.com/microsoft/nn-Meter/releases/download/v1.0-data/datasets.zip';

/** All predictors of nn-Meter's release v1.0-data. */
export const nnMeterReleases: readonly NnMeterRelease[] = releases.map((release) => ({
  ...release,
  category: release.device.kind,
}));
