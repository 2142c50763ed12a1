import { NnMeterError } from '@nnmeter/ir';
import { type Adaptation, fitAdaptation, type LatencyModelWeights } from '@nnmeter/latency-model';
import { knownModels } from './known-models.ts';
import type { DeviceData } from './measured-models.ts';
import { leastStartupMs, type RefitSpreads, refitTerms } from './refit-terms.ts';
import { whatTrainingSaw } from './what-training-saw.ts';
import { shareWorkGroups } from './work-group-share.ts';

export interface AdaptedDevice {
  /** Those of the known device, with the extents and configurations that the measurements saw; without an interval. */
  readonly weights: LatencyModelWeights;
  /** What makes them those of the measured device. */
  readonly adaptation: Adaptation;
}

/**
 * Learns a device from a known one: few measurements suffice, ten with the times of their layers or thirty without.
 * @param known weights of the device to start from
 * @param isTraining which of the measured models to learn from
 * @param leastModels a kind counts as measured if so many models run it, or if one of its layers is known
 * @throws NnMeterError E_MEASUREMENTS if there is none
 */
export function adaptDevice(
  data: DeviceData,
  known: LatencyModelWeights,
  isTraining: (model: number) => boolean,
  leastModels?: number,
): AdaptedDevice {
  const models = modelsToLearnFrom(data, isTraining);
  return {
    weights: weightsOf(data, known, models),
    adaptation: fitAdaptation(knownModels(data, known, models), { leastModels, isReloading: true }),
  };
}

/**
 * Learns a device from a known one of another runtime or precision, from some eighty networks: what each term costs, which
 * is physics and carries over to networks of other kinds, and how kernels change with their sizes besides.
 * @param known weights of the device to start from
 * @param isTraining which of the measured models to learn from
 * @throws NnMeterError E_MEASUREMENTS if there is none
 */
export function learnDevice(
  data: DeviceData,
  known: LatencyModelWeights,
  isTraining: (model: number) => boolean,
  spreads?: RefitSpreads,
): AdaptedDevice {
  const models = modelsToLearnFrom(data, isTraining);
  const start = shareWorkGroups(known);
  return {
    weights: { ...weightsOf(data, start, models), constantMs: leastStartupMs(start) },
    adaptation: refitTerms(data, start, models, spreads),
  };
}

function modelsToLearnFrom(
  { device, measured }: DeviceData,
  isTraining: (model: number) => boolean,
): number[] {
  const models = [...measured.keys()].filter((model) => measured[model]! > 0 && isTraining(model));
  if (models.length === 0) {
    throw new NnMeterError(
      'E_MEASUREMENTS',
      `no model to learn from is measured on ${device.name}: its ms go under that name`,
    );
  }
  return models;
}

/** A configuration counts as seen if this share of the networks runs it. */
const SEEN_SHARE = 0.01;

/** Those of the known device, with what the measurements saw of extents and configurations. */
function weightsOf(
  { set, measured }: DeviceData,
  known: LatencyModelWeights,
  models: readonly number[],
): LatencyModelWeights {
  const weight = new Float64Array(measured.length);
  for (const model of models) weight[model] = 1;
  const { limits, sides, cells, structures } = whatTrainingSaw(
    set,
    weight,
    [],
    1,
    Math.ceil(SEEN_SHARE * models.length),
  );
  return { ...known, limits, sides, cells, structures, interval: null };
}
