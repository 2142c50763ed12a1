import type { Kernel } from '@nnmeter/kernel-detect';
import type { KernelDescription } from './kernel-description.ts';
import { KIND } from './kernel-kind.ts';
import { tilePlanOf } from './tile-plans.ts';

/*
 * While the hardware unit of Myriad X computes, its vector processors are free: the compiler lets one stage of theirs run
 * beside each stage of the unit, if neither waits for the other (pass injectSw of OpenVINO's compiler, on by default:
 * inference-engine/src/vpu/graph_transformer/src/middleend/passes/inject_sw.cpp; which stages may is in
 * stages/eltwise.cpp and post_op_stage.cpp there). In networks that are one chain there is none.
 */

/** Kernels before and after one of the unit among which its companion is looked for; the compiler looks at all. */
const REACH = 64;

const isOfHardwareUnit = (kernel: KernelDescription): boolean =>
  kernel.kind === KIND.maxpool ||
  kernel.kind === KIND.avgpool ||
  (kernel.kind === KIND.conv && tilePlanOf(kernel) !== undefined);

/** Element-wise stages make do with some of the vector processors; the others take all. */
const mayRunBeside = (kernel: KernelDescription): boolean =>
  kernel.kind === KIND.add || kernel.kind === KIND.relu || kernel.kind === KIND.bn;

/**
 * For each kernel of a graph that runs beside one of the hardware unit, the position of that one; -1 for all others.
 * @param descriptions by kernel; undefined where a shape is unknown
 */
export function besideHardwareUnit(
  kernels: readonly Kernel[],
  descriptions: readonly (KernelDescription | undefined)[],
): Int32Array {
  const beside = new Int32Array(kernels.length).fill(-1);
  const waitsFor = Int32Array.from(kernels, ({ inputKernels }) => lastOf(inputKernels));
  // Of a kernel that reads no other one nothing says when it could run: graphs that were flattened have such additions.
  const isFree = descriptions.map(
    (description, index) =>
      description !== undefined && mayRunBeside(description) && waitsFor[index]! >= 0,
  );
  if (!isFree.includes(true)) return beside;
  const companionOf = (host: number): number => {
    for (let other = Math.max(waitsFor[host]! + 1, host - REACH); other < host; other++)
      if (isFree[other]) return other;
    const end = Math.min(kernels.length, host + 1 + REACH);
    for (let other = host + 1; other < end; other++)
      if (isFree[other] && waitsFor[other]! < host) return other;
    return -1;
  };
  for (const [host, description] of descriptions.entries()) {
    if (description === undefined || !isOfHardwareUnit(description)) continue;
    const companion = companionOf(host);
    if (companion === -1) continue;
    beside[companion] = host;
    isFree[companion] = false;
  }
  return beside;
}

function lastOf(positions: readonly number[]): number {
  let last = -1;
  for (const position of positions) if (position > last) last = position;
  return last;
}
