import { type ReadingOptions, readDatasetLines } from '@nnmeter/dataset';

/** Consecutive lines of a dataset file. */
export interface LineBatch {
  readonly file: string;
  /** Number of the first of `lines`, from 1. */
  readonly firstLine: number;
  readonly lines: readonly string[];
}

/** Characters in a batch, at least: enough work to be worth sending to another thread. */
const MIN_BATCH_LENGTH = 1 << 20;

/**
 * Streams the lines of dataset files, compressed (.gz) or not, in batches.
 * @throws NnMeterError E_MEASUREMENTS if a compressed file is damaged
 */
export async function* readLineBatches(
  files: readonly string[],
  options: ReadingOptions,
): AsyncGenerator<LineBatch> {
  for (const file of files) {
    let lines: string[] = [];
    let size = 0;
    let number = 0;
    for await (const line of readDatasetLines(file, options)) {
      number++;
      lines.push(line);
      size += line.length;
      if (size < MIN_BATCH_LENGTH) continue;
      yield { file, firstLine: number - lines.length + 1, lines };
      lines = [];
      size = 0;
    }
    if (lines.length > 0) yield { file, firstLine: number - lines.length + 1, lines };
  }
}
