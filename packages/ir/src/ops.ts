import type { Attributes, ValuesOf } from './ops/attribute.ts';
import { convolutionOps } from './ops/convolution.ts';
import { broadcastingOps, unaryOps } from './ops/elementwise.ts';
import { matrixOps } from './ops/matrix.ts';
import { movementOps } from './ops/movement.ts';
import { normalizationOps } from './ops/normalization.ts';
import { otherOps } from './ops/other.ts';
import { recurrentOps } from './ops/recurrent.ts';
import { reductionOps } from './ops/reduction.ts';
import type { OpRow } from './ops/row.ts';

/**
 * The canonical vocabulary. nn-Meter's short names where it has one (conv, dwconv, bn, fc, gap, ...; see
 * `node.sourceOp` for the name in the model's own format), lower-case ONNX names for the rest.
 */
const ROWS = {
  ...convolutionOps,
  ...matrixOps,
  ...recurrentOps,
  ...normalizationOps,
  ...unaryOps,
  ...broadcastingOps,
  ...reductionOps,
  ...movementOps,
  ...otherOps,
};

/** A canonical op. */
export type Op = keyof typeof ROWS;

/** Ops of one operand that need no attributes. */
export type UnaryOp = keyof typeof unaryOps | 'identity';

/** A value of an attribute. */
export type AttributeValue =
  | number
  | string
  | boolean
  | readonly number[]
  | readonly string[]
  | readonly boolean[];

/** Ops outside the canonical vocabulary keep the attributes of their source. */
export type CustomAttributes = { readonly [name: string]: AttributeValue };

/** The attributes of each op. Spatial lists are in axis order (height, width), all explicit numbers. */
export type OpAttributes = {
  readonly [O in Op]: O extends 'custom'
    ? CustomAttributes
    : ValuesOf<(typeof ROWS)[O]['attributes']>;
};

/** All canonical ops. */
export const ops = Object.keys(ROWS) as readonly Op[];

/** Whether a name is a canonical op. */
export function isOp(name: string): name is Op {
  return Object.hasOwn(ROWS, name);
}

/** What is known of an op. */
export function opRow(op: Op): OpRow<Attributes, object> {
  return ROWS[op] as OpRow<Attributes, never> as OpRow<Attributes, object>;
}

/** The op's name in ONNX: `Conv` for conv and dwconv, `Gemm` for fc; for what ONNX lacks, a name in that style. */
export function onnxOpName(op: Op): string {
  return ROWS[op].onnx[0];
}
