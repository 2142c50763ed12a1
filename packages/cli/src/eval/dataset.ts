import { readDatasetLines } from '@nnmeter/dataset';

/** Consecutive lines of a dataset file. */
export interface LineBatch {
  readonly file: string;
  /** Number of the first of `lines`, from 1. */
  readonly firstLine: number;
  readonly lines: readonly string[];
}

/** Characters in a batch: enough work to be worth sending to another thread. */
const BATCH_SIZE = 1 << 20;

/**
 * Streams the lines of dataset files, compressed (.gz) or not, in batches.
 * @param onBytes told about every piece read, for progress
 * @throws NnMeterError E_MEASUREMENTS if a compressed file is damaged
 */
export async function* readLineBatches(
  files: readonly string[],
  onBytes: (count: number) => void,
): AsyncGenerator<LineBatch> {
  for (const file of files) {
    let lines: string[] = [];
    let size = 0;
    let number = 0;
    for await (const line of readDatasetLines(file, onBytes)) {
      number++;
      lines.push(line);
      size += line.length;
      if (size < BATCH_SIZE) continue;
      yield { file, firstLine: number - lines.length + 1, lines };
      lines = [];
      size = 0;
    }
    if (lines.length > 0) yield { file, firstLine: number - lines.length + 1, lines };
  }
}
