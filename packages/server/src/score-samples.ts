import { locateErrors, NnMeterError } from '@nnmeter/ir';
import { type LatencyTable, type Sample, TableScorer } from '@nnmeter/nas';
import type { Parameters } from './parameters.ts';
import { parseJson } from './parse-json.ts';

/** A file as it was when it was asked about. */
export interface VersionedFile {
  /** Another one once the file has been written again. */
  readonly version: string;
  readText(): Promise<string>;
}

/** What a table says of samples: lists with an entry for each, in their order. */
export interface SampleScores {
  /** Names, in the order of the inner lists. */
  readonly devices: readonly string[];
  /** Latency, ms, of each sample on each device. */
  readonly ms: readonly (readonly number[])[];
  readonly macs: readonly number[];
  readonly parameters: readonly number[];
  /** Bytes of all tensors that kernels would write were nothing fused. */
  readonly activationBytes: readonly number[];
}

/** Tables that are kept ready. */
const MAX_TABLES = 16;

/** Scores samples by latency tables; those in files are read once, until they change. */
export class SampleScorer {
  readonly #openFile: (path: string) => Promise<VersionedFile>;
  readonly #scorers = new Map<string, { readonly version: string; readonly scorer: TableScorer }>();

  constructor(openFile: (path: string) => Promise<VersionedFile>) {
    this.#openFile = openFile;
  }

  /**
   * @throws NnMeterError E_USAGE unless there is one table, E_FILE, E_INVALID_INPUT if it is none, or a sample is none of
   * its space, E_UNKNOWN_PREDICTOR for a device that it has not
   */
  async score({ path, table, samples, devices }: Parameters<'table'>): Promise<SampleScores> {
    if ((path === undefined) === (table === undefined)) {
      throw new NnMeterError('E_USAGE', 'give one of path and table');
    }
    const scorer = path === undefined ? scorerOf(table) : await this.#scorerAt(path);
    const places = devices?.map((name) => scorer.deviceOf(name)) ?? [...scorer.devices.keys()];
    const { layout } = scorer;
    const times = places.map((place) => layout.time('ms', place));
    const [macs, parameters, activationBytes] = (
      ['macs', 'parameters', 'activationBytes'] as const
    ).map((size) => layout.size(size)) as [number, number, number];
    const scores = {
      devices: places.map((place) => scorer.devices[place]!.name),
      ms: [] as number[][],
      macs: [] as number[],
      parameters: [] as number[],
      activationBytes: [] as number[],
    };
    let row: Float64Array | undefined;
    for (const [index, sample] of samples.entries()) {
      const genome = locateErrors(
        () => ({ part: `sample ${index}` }),
        () => scorer.choices.encode(sample as Sample),
      );
      const figures = scorer.row(genome, row);
      row = figures;
      scores.ms.push(times.map((time) => figures[time]!));
      scores.macs.push(figures[macs]!);
      scores.parameters.push(figures[parameters]!);
      scores.activationBytes.push(figures[activationBytes]!);
    }
    return scores;
  }

  async #scorerAt(path: string): Promise<TableScorer> {
    const file = await this.#openFile(path);
    const known = this.#scorers.get(path);
    if (known?.version === file.version) return known.scorer;
    const text = await file.readText();
    const scorer = locateErrors(
      () => ({ file: path }),
      () => scorerOf(parseJson(text)),
    );
    this.#scorers.delete(path);
    this.#scorers.set(path, { version: file.version, scorer });
    const [oldest] = this.#scorers.keys();
    if (this.#scorers.size > MAX_TABLES) this.#scorers.delete(oldest!);
    return scorer;
  }
}

function scorerOf(table: unknown): TableScorer {
  return new TableScorer(table as LatencyTable);
}
