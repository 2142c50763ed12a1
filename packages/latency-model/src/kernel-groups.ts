import type { KernelDescription } from './kernel-description.ts';
import { KERNEL_KINDS } from './kernel-kind.ts';

/** What calibration tells kernels apart by; a {@link KernelDescription} is one. */
export interface KernelConfiguration
  extends Pick<KernelDescription, 'kernelHeight' | 'kernelWidth' | 'outHeight'> {
  /** Index into `KERNEL_KINDS`, or a name for predictors that do not describe kernels. */
  readonly kind: number | string;
}

/** Kernels that may be off by the same factor. */
export interface KernelGroup {
  readonly name: string;
  /** Standard deviation expected of the group's relative correction. */
  readonly spread: number;
}

/*
 * Spreads were chosen by the mean accuracy over all devices and families left out, for several draws of ten models each.
 * What a measurement says about them is weighed in as well: see `HYPOTHESES` of calibration-factors.ts.
 */
const KIND_SPREAD = 0.05;
const WINDOW_SPREAD = 0.05;
const SIDE_SPREAD = 0.06;
/** A roofline estimate may be wrong by a multiple. */
export const ESTIMATED_SPREAD = 2;

/** Kinds with a window that is worth telling apart. */
const WINDOWED: ReadonlySet<string> = new Set(['conv', 'dwconv', 'maxpool', 'avgpool']);

/** Groups of a kernel, coarse to fine: its kind, that with the side of the output, that with the window (`3x3`). */
export function kernelGroups(
  { kind, kernelHeight, kernelWidth, outHeight }: KernelConfiguration,
  isEstimated: boolean,
): KernelGroup[] {
  const name = typeof kind === 'string' ? kind : KERNEL_KINDS[kind]!;
  const groups = [
    { name, spread: KIND_SPREAD },
    { name: `${name} at ${outHeight}`, spread: SIDE_SPREAD },
  ];
  if (WINDOWED.has(name))
    groups.push({ name: `${name} ${kernelHeight}x${kernelWidth}`, spread: WINDOW_SPREAD });
  if (isEstimated) groups.push({ name: `estimated ${name}`, spread: ESTIMATED_SPREAD });
  return groups;
}
