import { isJsonObject, locateErrors, NnMeterError, quote } from '@nnmeter/ir';
import {
  isWeightReload,
  type LatencyInterval,
  latencyInterval,
  reloadMs,
} from '@nnmeter/latency-model';
import { ChoiceIndex, type Genome, type Sample } from './choices.ts';
import { FigureLayout, SIZES } from './figures.ts';
import type { LatencyTable, TableDevice, TableSums } from './latency-table.ts';
import { TermSums } from './term-sums.ts';

/** What a table says of one candidate on one device. */
export interface DeviceLatency {
  readonly ms: number;
  /** Null if the predictor cannot tell. */
  readonly interval: LatencyInterval | null;
}

/** What a table says of one candidate. */
export interface SampleFigures {
  /** By name of the device, in the order of the table. */
  readonly latency: Readonly<Record<string, DeviceLatency>>;
  readonly macs: number;
  readonly parameters: number;
  readonly activationBytes: number;
}

/** A table that scores candidates. */
export class TableScorer {
  readonly table: LatencyTable;
  readonly choices: ChoiceIndex;
  readonly layout: FigureLayout;
  readonly #sums: TermSums;

  /** @throws NnMeterError E_INVALID_INPUT if it is no table, or not one of a version that is understood */
  constructor(table: LatencyTable) {
    checkTable(table);
    this.table = table;
    this.choices = locateErrors(
      () => ({ part: `table of space ${quote(table.space.name)}` }),
      () => new ChoiceIndex(table.choices),
    );
    this.layout = new FigureLayout(table.devices);
    this.#sums = new TermSums(
      this.choices,
      this.#row(table.base, (figure: number) => figure),
    );
    for (const { labels, ...sums } of table.terms) this.#addTerm(labels, sums);
  }

  get devices(): readonly TableDevice[] {
    return this.table.devices;
  }

  /**
   * The place in `devices` of a name or alias, in any case.
   * @throws NnMeterError E_UNKNOWN_PREDICTOR with the devices that the table has
   */
  deviceOf(name: string): number {
    const found = this.findDevice(name);
    if (found >= 0) return found;
    const known = this.devices.map((device) => device.name).join(', ');
    throw new NnMeterError('E_UNKNOWN_PREDICTOR', `the table has no device ${quote(name)}`, {
      hint: `it has ${known}`,
    });
  }

  /** The place in `devices` of a name or alias, in any case; -1 if the table has none of that name. */
  findDevice(name: string): number {
    const wanted = name.toLowerCase();
    return this.devices.findIndex((device) =>
      [device.name, ...device.aliases].some((known) => known.toLowerCase() === wanted),
    );
  }

  /** The figures of a candidate as a row, see {@link FigureLayout}. @param row is filled and returned */
  row(genome: Genome, row?: Float64Array): Float64Array {
    const figures = this.#sums.score(genome, row);
    if (this.layout.isReloading) {
      for (const [device, { reloads = [] }] of this.devices.entries())
        figures[this.layout.time('ms', device)]! += reloadMs(
          reloads,
          figures[this.layout.time('weightMB', device)]!,
        );
    }
    return figures;
  }

  /** The interval of a candidate's latency on a device, from its row of figures; null if the predictor cannot tell. */
  interval(row: Float64Array, device: number): LatencyInterval | null {
    return latencyInterval(this.devices[device]!.interval, {
      totalMs: row[this.layout.time('ms', device)]!,
      kernels: row[this.layout.time('kernels', device)]!,
      novelMs: row[this.layout.time('novelMs', device)]!,
      estimatedMs: row[this.layout.time('estimatedMs', device)]!,
    });
  }

  /** The figures of a sample. @throws NnMeterError E_INVALID_INPUT if it is none of the space */
  figures(sample: Sample): SampleFigures {
    const row = this.row(this.choices.encode(sample));
    const latency = this.devices.map(({ name }, device) => [
      name,
      { ms: row[this.layout.time('ms', device)]!, interval: this.interval(row, device) },
    ]);
    return {
      latency: Object.fromEntries(latency),
      macs: row[this.layout.size('macs')]!,
      parameters: row[this.layout.size('parameters')]!,
      activationBytes: row[this.layout.size('activationBytes')]!,
    };
  }

  #addTerm(labels: readonly string[], sums: TableSums<readonly number[]>): void {
    const term = this.#sums.add(labels.map((label) => this.choices.position(label)));
    for (let entry = 0; entry < term.size; entry++) {
      const row = this.#row(sums, (figures) => figures[entry]);
      term.rows.set(row, entry * this.layout.width);
    }
    if (sums.macs.length === term.size) return;
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `the table's term of ${labels.map((label) => quote(label)).join(', ')} has ${sums.macs.length} entries where its choices have ${term.size} combinations`,
    );
  }

  #row<Figure>(sums: TableSums<Figure>, at: (figure: Figure) => number | undefined): Float64Array {
    const row = new Float64Array(this.layout.width);
    for (const time of this.layout.times) {
      for (let device = 0; device < this.layout.devices; device++)
        row[this.layout.time(time, device)] = finite(at(sums[time]![device]!), time);
    }
    for (const size of SIZES) row[this.layout.size(size)] = finite(at(sums[size]), size);
    return row;
  }
}

function finite(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new NnMeterError('E_INVALID_INPUT', `the table lacks a number in its ${name}`);
}

function checkTable(table: unknown): asserts table is LatencyTable {
  const { format, version, space, choices, devices, base, terms } = (table ??
    {}) as Partial<LatencyTable>;
  if (format !== 'nnmeter-latency-table') {
    throw new NnMeterError('E_INVALID_INPUT', 'this is no latency table', {
      hint: 'write one with: nn-meter nas table SPACE --output table.json',
    });
  }
  if (version !== 1 && version !== 2) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `the table has version ${String(version).slice(0, 20)}; this program reads versions 1 and 2`,
      { hint: 'write the table again' },
    );
  }
  const areSums = (value: unknown): boolean =>
    isJsonObject(value) &&
    new FigureLayout(devices ?? []).times.every((time) => {
      const list = value[time];
      return Array.isArray(list) && list.length === devices?.length;
    });
  const isWhole =
    isJsonObject(space) &&
    isJsonObject(choices) &&
    Array.isArray(devices) &&
    devices.every(
      (device) =>
        isJsonObject(device) &&
        Array.isArray(device.aliases) &&
        (device.reloads === undefined ||
          (Array.isArray(device.reloads) && device.reloads.every(isWeightReload))),
    ) &&
    areSums(base) &&
    Array.isArray(terms) &&
    terms.every((term) => areSums(term) && Array.isArray(term.labels) && Array.isArray(term.macs));
  if (!isWhole)
    throw new NnMeterError('E_INVALID_INPUT', 'the table is incomplete; write it again');
}
