import type { Rule } from '../call.ts';
import { parseSignature, type Signature } from '../signature.ts';
import { attentionRows } from './attention.ts';
import { convolutionRows } from './convolution.ts';
import { creationRows } from './creation.ts';
import { elementwiseRows } from './elementwise.ts';
import { indexingRows } from './indexing.ts';
import { matrixRows } from './matrix.ts';
import { movementRows } from './movement.ts';
import { normalizationRows } from './normalization.ts';
import { poolingRows } from './pooling.ts';
import { quantizationRows } from './quantization.ts';
import { reductionRows } from './reduction.ts';
import type { Row } from './row.ts';

/** What is known of an aten op. */
export interface OpFacts {
  readonly signature: Signature;
  readonly rule: Rule;
}

const ROWS = new Map<string, Row>(
  [
    ...convolutionRows,
    ...matrixRows,
    ...attentionRows,
    ...normalizationRows,
    ...poolingRows,
    ...reductionRows,
    ...elementwiseRows,
    ...movementRows,
    ...indexingRows,
    ...creationRows,
    ...quantizationRows,
  ].map((row) => [row[0].slice(0, row[0].indexOf('(')), row]),
);

const known = new Map<string, OpFacts>();

/** The row of an op by its name without namespace and overload: `conv2d`. */
export function findOp(name: string): OpFacts | undefined {
  const found = known.get(name);
  if (found !== undefined) return found;
  const row = ROWS.get(name);
  if (row === undefined) return undefined;
  const facts = { signature: parseSignature(row[0]), rule: row[1] };
  known.set(name, facts);
  return facts;
}
