import type { Row, Rule } from '../outcome.ts';
import { attentionRows } from './attention.ts';
import { constantRows } from './constants.ts';
import { convolutionRows } from './convolution.ts';
import { elementwiseRows, rowsOfElementwiseOps } from './elementwise.ts';
import { indexingRows } from './indexing.ts';
import { matmulRows } from './matmul.ts';
import { movementRows } from './movement.ts';
import { normalizationRows } from './normalization.ts';
import { poolingRows } from './pooling.ts';
import { quantizedRows } from './quantized.ts';
import { recurrentRows } from './recurrent.ts';
import { reductionRows } from './reduction.ts';
import { resizeRows } from './resize.ts';
import { sequenceRows } from './sequence.ts';
import { slicingRows } from './slicing.ts';

const rows: readonly Row[] = [
  ...sequenceRows,
  ...resizeRows,
  ...recurrentRows,
  ...quantizedRows,
  ...attentionRows,
  ...constantRows,
  ...convolutionRows,
  ...elementwiseRows,
  ...indexingRows,
  ...matmulRows,
  ...movementRows,
  ...normalizationRows,
  ...poolingRows,
  ...reductionRows,
  ...slicingRows,
];

/** Rows by `domain:op`, newest first; elementwise ops need one of their own only where ONNX differs. */
const table = new Map<string, Row[]>();
for (const row of rows) {
  const key = `${row[1]}:${row[0]}`;
  const versions = table.get(key) ?? [];
  versions.push(row);
  table.set(
    key,
    versions.sort((a, b) => b[2] - a[2]),
  );
}

for (const row of rowsOfElementwiseOps) {
  const key = `${row[1]}:${row[0]}`;
  if (!table.has(key)) table.set(key, [row]);
}

/** The rule for an op at an opset, if there is one. */
export function findRule(op: string, domain: string, opset: number): Rule | undefined {
  return table.get(`${domain}:${op}`)?.find(([, , since]) => since <= opset)?.[3];
}
