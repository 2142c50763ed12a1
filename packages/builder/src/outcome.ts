import { formatShare } from '@nnmeter/report';
import type { BuildManifest } from './plugin-files.ts';

/** What a predictor is worth, in words by what they are about. */
export function describeOutcome({
  heldOut,
  build,
}: Pick<BuildManifest, 'heldOut' | 'build'>): Readonly<Record<string, string>> {
  const { isCrossValidated, repeatCeiling, repeats, nearest, drift } = build;
  const how = isCrossValidated ? 'cross-validated' : 'held out';
  const [least, most] = drift.map((factor) => factor.toFixed(2));
  return {
    accuracy: `${formatShare(heldOut.within10)} of ${heldOut.count} networks that it did not see within 10 % (${how}), RMS error ${formatShare(heldOut.rmspe)}`,
    ceiling:
      repeatCeiling === null
        ? 'nothing was measured twice'
        : `${formatShare(repeatCeiling)} of ${repeats} networks measured twice within 10 % of themselves`,
    ...(nearest !== null && {
      nearest: `${nearest.name}, calibrated: ${formatShare(nearest.heldOut.within10)} within 10 %`,
    }),
    drift: `the machine's own, ${least} to ${most} of its median, is divided out`,
  };
}
