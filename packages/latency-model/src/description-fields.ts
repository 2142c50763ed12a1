import type { KernelDescription } from './kernel-description.ts';

/** Number of fields of a description. */
export const FIELDS = 32;
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
  out[7] = k.inputElements;
  out[8] = k.outputElements;
  out[9] = k.width;
  out[10] = k.outWidth;
  out[11] = k.kernelWidth;
  out[12] = k.strideHeight;
  out[13] = k.groups;
  out[14] = k.inner;
  out[15] = k.borrowsKind;
  out[16] = k.unmeasuredVariant;
  out[17] = k.batch;
  out[18] = k.depth;
  out[19] = k.outDepth;
  out[20] = k.kernelDepth;
  out[21] = k.strideWidth;
  out[22] = k.dilation;
  out[23] = k.fusedKinds;
  out[24] = k.unmeasuredOperations;
  out[25] = k.fusedInputs;
  out[26] = k.readByPoolingOnly;
  out[27] = k.inputs;
  out[28] = k.unalignedConcatElements;
  out[29] = k.outputs;
  out[30] = k.hasBias;
  out[31] = k.float32Elements;
}

/** A text that equal descriptions share. */
export function descriptionKey(kernel: KernelDescription): string {
  const fields = new Float64Array(FIELDS);
  writeFields(kernel, fields);
  const key = fields.join();
  return kernel.beside === undefined ? key : `${key} beside ${descriptionKey(kernel.beside)}`;
}
