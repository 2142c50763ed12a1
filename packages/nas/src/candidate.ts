import type { Genome, Sample } from './choices.ts';
import { sampleKey } from './choices.ts';
import type { TableScorer } from './table-scorer.ts';

/** A point of a space with what the table says of it. */
export class Candidate {
  readonly genome: Genome;
  /** Figures, see `FigureLayout`. */
  readonly row: Float64Array;
  readonly scorer: TableScorer;

  constructor(genome: Genome, scorer: TableScorer) {
    this.genome = genome;
    this.scorer = scorer;
    this.row = scorer.row(genome);
  }

  get sample(): Sample {
    return this.scorer.choices.decode(this.genome);
  }

  /** The same for the same sample. */
  get key(): string {
    return sampleKey(this.genome);
  }

  /** Predicted latency on a device of the table, ms. */
  ms(device: number): number {
    return this.row[this.scorer.layout.time('ms', device)]!;
  }

  /** The upper end of the interval of the latency on a device, ms; the latency itself if the predictor cannot tell. */
  upperMs(device: number): number {
    return this.scorer.interval(this.row, device)?.high ?? this.ms(device);
  }
}
