import type { KernelDescription } from './kernel-description.ts';

/** Number of fields of a description. */
export const FIELDS = 31;
/** The first of them tell nearly all kernels of networks apart. */
export const TELLING_FIELDS = 10;

/**
 * Writes the numbers of a description to `out`, in the one order that keys of descriptions have. Written out, since a
 * loop over names takes twenty times as long and searches ask for millions of descriptions.
 */
export function writeFields(kernel: KernelDescription, out: Float64Array): void {
  const k = kernel;
  out[0] = k.kind;
  out[1] = k.height;
  out[2] = k.channels;
  out[3] = k.outHeight;
  out[4] = k.outChannels;
  out[5] = k.kernelHeight;
  out[6] = k.activation;
  out[7] = k.addFollows;
  out[8] = k.inputElements;
  out[9] = k.outputElements;
  out[10] = k.width;
  out[11] = k.outWidth;
  out[12] = k.kernelWidth;
  out[13] = k.strideHeight;
  out[14] = k.groups;
  out[15] = k.inner;
  out[16] = k.borrowsKind;
  out[17] = k.unmeasuredVariant;
  out[18] = k.batch;
  out[19] = k.depth;
  out[20] = k.outDepth;
  out[21] = k.kernelDepth;
  out[22] = k.strideWidth;
  out[23] = k.dilation;
  out[24] = k.fusedKinds;
  out[25] = k.unmeasuredOperations;
  out[26] = k.fusedInputs;
  out[27] = k.readByPoolingOnly;
  out[28] = k.inputs;
  out[29] = k.unalignedConcatElements;
  out[30] = k.outputs;
}

/** A text that equal descriptions share. */
export function descriptionKey(kernel: KernelDescription): string {
  const fields = new Float64Array(FIELDS);
  writeFields(kernel, fields);
  const key = fields.join();
  return kernel.beside === undefined ? key : `${key} beside ${descriptionKey(kernel.beside)}`;
}
