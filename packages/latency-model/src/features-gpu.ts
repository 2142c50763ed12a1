import { type FeatureTable, kernelFeatures } from './features.ts';
import type { KernelDescription } from './kernel-description.ts';
import { KIND } from './kernel-kind.ts';
import { paddedHeight, paddedWidth } from './work-groups.ts';

/**
 * The features of any device; of a convolution, of the image that a GPU computes, up to the edge of its work groups: images
 * within one edge take the same time.
 */
export const gpuFeatures: FeatureTable = {
  names: kernelFeatures.names.map((name) => `to the work group: ${name}`),
  fill(kernel, out, offset, step) {
    const seen = kernel.kind === KIND.conv ? padded(kernel) : kernel;
    kernelFeatures.fill(seen, out, offset, step);
  },
};

function padded(kernel: KernelDescription): KernelDescription {
  const outHeight = paddedHeight(kernel.outHeight);
  const outWidth = paddedWidth(kernel.outWidth);
  return {
    ...kernel,
    outHeight,
    outWidth,
    height: outHeight * kernel.strideHeight,
    width: outWidth * kernel.strideWidth,
  };
}
