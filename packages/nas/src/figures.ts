import { type Graph, graphCost, NnMeterError } from '@nnmeter/ir';
import { type WeightReload, weightMB } from '@nnmeter/latency-model';
import type { DevicePredictor, LatencyPredictor } from '@nnmeter/predictor';
import type { Sample } from './choices.ts';
import type { SearchSpace } from './space.ts';

/** Figures of a candidate without a device. */
export const SIZES = ['macs', 'parameters', 'activationBytes'] as const;
export type SizeName = (typeof SIZES)[number];

/** Figures of a candidate for each device; the last only if one of the devices reads weights again. */
const TIMES = ['ms', 'kernels', 'novelMs', 'estimatedMs', 'weightMB'] as const;
export type TimeName = (typeof TIMES)[number];

/**
 * Where figures stand in a row of numbers: `ms` of all devices, then the other `times`, then the sizes. All of them add up
 * over the parts of a network, `ms` but for what {@link WeightReload}s take.
 */
export class FigureLayout {
  readonly devices: number;
  readonly width: number;
  readonly times: readonly TimeName[];
  /** Whether latencies depend on `weightMB` besides. */
  readonly isReloading: boolean;

  constructor(devices: readonly { readonly reloads?: readonly WeightReload[] }[]) {
    this.isReloading = devices.some(({ reloads }) => reloads !== undefined);
    this.devices = devices.length;
    this.times = this.isReloading ? TIMES : TIMES.slice(0, -1);
    this.width = this.times.length * devices.length + SIZES.length;
  }

  time(name: TimeName, device: number): number {
    return TIMES.indexOf(name) * this.devices + device;
  }

  size(name: SizeName): number {
    return this.times.length * this.devices + SIZES.indexOf(name);
  }

  /** The figure that a figure is a part of: the latency for what of it is new or estimated; any other is whole. */
  wholeOf(figure: number): number {
    const time = TIMES[Math.floor(figure / this.devices)];
    const isPart = time === 'novelMs' || time === 'estimatedMs';
    return isPart ? this.time('ms', figure % this.devices) : figure;
  }
}

/**
 * The figures of whole networks, see {@link FigureLayout}.
 * @throws NnMeterError what `space.build` throws; E_INVALID_GRAPH if a network has parts whose cost nobody knows
 */
export function measureSamples(
  space: SearchSpace,
  predictors: readonly LatencyPredictor[],
  samples: readonly Sample[],
): readonly Float64Array[] {
  const layout = new FigureLayout(predictors);
  return samples.map((sample) => measureGraph(space.build(sample), predictors, layout));
}

/**
 * The figures of a whole graph, see {@link FigureLayout}.
 * @throws NnMeterError E_INVALID_GRAPH if the graph has parts whose cost nobody knows
 */
export function measureGraph(
  graph: Graph,
  predictors: readonly LatencyPredictor[],
  layout: FigureLayout,
): Float64Array {
  const row = new Float64Array(layout.width);
  predictors.forEach((predictor, device) => {
    if (tellsParts(predictor)) {
      const parts = predictor.latencyParts(graph);
      row[layout.time('ms', device)] = parts.totalMs - parts.reloadMs;
      row[layout.time('kernels', device)] = parts.kernels;
      row[layout.time('novelMs', device)] = parts.novelMs;
      row[layout.time('estimatedMs', device)] = parts.estimatedMs;
      if (layout.isReloading) row[layout.time('weightMB', device)] = parts.weightMB;
    } else if (predictor.reloads !== undefined) {
      const { latencyMs, kernels } = predictor.predictGraph(graph);
      row[layout.time('ms', device)] = kernels.reduce(
        (rest, { reloadMs = 0 }) => rest - reloadMs,
        latencyMs,
      );
      row[layout.time('weightMB', device)] = kernels.reduce(
        (sum, { configuration }) => sum + (configuration ? weightMB(configuration) : 0),
        0,
      );
    } else row[layout.time('ms', device)] = predictor.totalMs(graph);
  });
  const { macs, parameters, outputBytes, unknownNodes } = graphCost(graph);
  if (unknownNodes[0] !== undefined) {
    throw new NnMeterError('E_INVALID_GRAPH', 'nobody knows what it costs', {
      where: { node: unknownNodes[0] },
    });
  }
  row[layout.size('macs')] = macs;
  row[layout.size('parameters')] = parameters;
  row[layout.size('activationBytes')] = outputBytes;
  return row;
}

/** Predictors of the original nn-Meter, and calibrated ones, do not. */
export function tellsParts(predictor: LatencyPredictor): predictor is DevicePredictor {
  return 'latencyParts' in predictor;
}
