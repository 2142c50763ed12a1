import { roundUp } from './arithmetic.ts';

/*
 * A GPU's convolution computes blocks of 2 x 2 pixels, in groups of 8 x 4 blocks that start together
 * (tensorflow/lite/delegates/gpu/cl/kernels/conv_texture.cc). A group that hangs over the edge of the image takes its time
 * all the same.
 */
const BLOCK = 2;
const GROUP_WIDTH = 8;
const GROUP_HEIGHT = 4;

/** Columns that are computed for an image of this width. */
export const paddedWidth = (width: number): number => roundUp(width, BLOCK * GROUP_WIDTH);

/** Rows that are computed for an image of this height. */
export const paddedHeight = (height: number): number => roundUp(height, BLOCK * GROUP_HEIGHT);

/** Pixels of a block. */
export const BLOCK_PIXELS = BLOCK * BLOCK;
