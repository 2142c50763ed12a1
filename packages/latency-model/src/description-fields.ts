import type { KernelDescription } from './kernel-description.ts';

/** Number of fields of a description. */
export const FIELDS = 30;

/**
 * Writes the fields of a description to `out`, in the one order that keys of descriptions have. Written out, since a
 * loop over names takes twenty times as long and searches ask for millions of descriptions.
 */
export function writeFields(kernel: KernelDescription, out: Float64Array): void {
  const k = kernel;
  out[0] = k.kind;
  out[1] = k.borrowsKind;
  out[2] = k.unmeasuredVariant;
  out[3] = k.batch;
  out[4] = k.depth;
  out[5] = k.height;
  out[6] = k.width;
  out[7] = k.channels;
  out[8] = k.outDepth;
  out[9] = k.outHeight;
  out[10] = k.outWidth;
  out[11] = k.outChannels;
  out[12] = k.kernelDepth;
  out[13] = k.kernelHeight;
  out[14] = k.kernelWidth;
  out[15] = k.strideHeight;
  out[16] = k.strideWidth;
  out[17] = k.dilation;
  out[18] = k.groups;
  out[19] = k.activation;
  out[20] = k.fusedKinds;
  out[21] = k.unmeasuredOperations;
  out[22] = k.fusedInputs;
  out[23] = k.addFollows;
  out[24] = k.readByPoolingOnly;
  out[25] = k.inputs;
  out[26] = k.unalignedConcatElements;
  out[27] = k.inner;
  out[28] = k.inputElements;
  out[29] = k.outputElements;
}

/** A text that equal descriptions share. */
export function descriptionKey(kernel: KernelDescription): string {
  const fields = new Float64Array(FIELDS);
  writeFields(kernel, fields);
  return fields.join();
}
