import { isJsonObject, NnMeterError } from '@nnmeter/ir';
import type { FusionRules } from '@nnmeter/kernel-detect';
import { type Adaptation, isAdaptation, type LatencyMetrics } from '@nnmeter/latency-model';

/** What the name of a predictor that is kept somewhere is, as a regular expression: names are folders, packages, options. */
export const NAME_PATTERN = '[A-Za-z0-9][\\w.+\\-]{0,99}';

/** What a device plugin exports by default: everything that is known about one device, as data. */
export interface PredictorDefinition {
  /** Processor and runtime, under which nn-Meter lists its measurements. */
  readonly name: string;
  /** Other names users may type; the last is the shortest. */
  readonly aliases: readonly string[];
  /** Version of the predictor shown in reports, e.g. `2.0`. */
  readonly version: string;
  readonly device: DeviceFacts;
  readonly fusionRules: FusionRules;
  /** Base64 of the binary latency model written by the trainer. */
  readonly weights: string;
  /** What makes the weights of a known device those of this one. */
  readonly adaptation?: Adaptation;
  /** In which settings the device was measured, in place of `adaptation`. */
  readonly settings?: readonly DeviceSetting[];
  /** The one of them to predict in, by default the first; see `inSetting`. */
  readonly setting?: DeviceSetting;
  /** Learned from so few networks that its figures are of families it did not see, and are worse; default: the full benchmark. */
  readonly accuracy?: 'experimental';
  readonly manifest: TrainingManifest;
}

/** What of a device may be chosen, and was measured. */
export interface Setting {
  /** Number format that is computed in: `float32`, `int8`, `float16`. */
  readonly precision: string;
  /** Processor cores: `1 large`, `4 little`; undefined for what is no CPU. */
  readonly cores?: string;
}

/** A setting in lists: `within10` is the share of networks of unseen families that are predicted within 10 %. */
export interface SettingSummary extends Setting {
  readonly within10: number;
}

/** A setting that was measured. */
export interface DeviceSetting extends Setting {
  readonly adaptation: Adaptation;
  readonly learned: LearnedRecord;
}

/** What a device is worth that was learned from a known one. */
export interface LearnedRecord {
  /** Networks that it was learned from. */
  readonly networks: number;
  /** Every network predicted by what was learned from networks of other families. */
  readonly unseen: LatencyMetrics;
  /** The same by family; left out of plugins. */
  readonly unseenFamilies?: FamilyMetrics;
  /** Share of the measurements inside their 90 % interval: of unseen families, and with widths from the other families. */
  readonly intervalCoverage: { readonly unseenFamilies: number; readonly crossChecked: number };
  /** Ten-fold cross-validation over networks, which flatters: variants of one architecture are on both sides. */
  readonly random?: LatencyMetrics;
  /** Learned from ten or thirty networks, those of least hash. */
  readonly ten?: LatencyMetrics;
  readonly thirty?: LatencyMetrics;
}

/** Facts about the device and the conditions of the measurements. */
export interface DeviceFacts {
  /** What one buys: `Google Pixel 4`. */
  readonly product: string;
  /** What computes: `Cortex-A76 CPU`. */
  readonly processor: string;
  readonly kind: 'cpu' | 'gpu' | 'vpu';
  /** The inference framework and its version: `TensorFlow Lite 2.1`. */
  readonly framework: string;
  /** Number format and threads: `float32, 1 thread`. */
  readonly precision: string;
  /** The processor's clock, e.g. `up to 2.84 GHz`. */
  readonly clock: string;
  /** Whether the framework lets elementwise ops write over what they read, and reshapes rename it; default false. */
  readonly writesInPlace?: boolean;
  /** Whether it was measured over batches so large that no launch counts, as time for each image; default false. */
  readonly isThroughput?: boolean;
}

/** Provenance of the weights. */
export interface TrainingManifest {
  /** What the model was trained on, in words. */
  readonly trainedOn: string;
  readonly codeVersion: string;
  /** SHA-256 of the training data. */
  readonly dataHash: string;
  /** Number of models trained on. */
  readonly models: number;
  /** ISO date of the training. */
  readonly date: string;
  /** Accuracy on the held-out tenth of the benchmark, which training did not see. */
  readonly heldOut: LatencyMetrics;
  /** What the trainer's protocols measured. */
  readonly protocols?: ProtocolRecord;
}

/** Accuracy by family of networks, e.g. `resnet`. */
export type FamilyMetrics = Readonly<Record<string, LatencyMetrics>>;

/** Accuracy under the trainer's protocols. */
export interface ProtocolRecord {
  /** `heldOut` by family. */
  readonly heldOutFamilies: FamilyMetrics;
  /** Trained again on another random split, with other models held out. */
  readonly otherSplit: LatencyMetrics;
  /** Seeds of the hashes behind `heldOut` and `otherSplit`. */
  readonly splitSeeds: readonly [heldOut: number, otherSplit: number];
  /** Every family predicted by a model that was trained on the others only. */
  readonly unseenFamilies: FamilyMetrics;
  /** The same once ten models of the family, chosen by a hash, were measured; counts the others. */
  readonly fewShot: FamilyMetrics;
  /** By predictor name: a device of the same kind, predicted by this model, before and after ten measurements there. */
  readonly siblings: Readonly<Record<string, { before: LatencyMetrics; after: LatencyMetrics }>>;
  /** Share of the measurements inside their 90 % interval. */
  readonly intervalCoverage: IntervalCoverage;
  /** One training on two cores shared with others, s; the protocols train once more per family and split. */
  readonly trainingSeconds: number;
}

export interface IntervalCoverage {
  readonly heldOut: number;
  /** On a third split, which had no part in the widths. */
  readonly otherSplit: number;
  /** The same by family. */
  readonly otherSplitFamilies: Readonly<Record<string, number>>;
  /** Every family, predicted by a training on the others, with widths from the residuals of the others alone. */
  readonly unseenFamilies: Readonly<Record<string, number>>;
}

const KINDS: Readonly<Record<keyof PredictorDefinition, (value: unknown) => boolean>> = {
  adaptation: (value) => value === undefined || isAdaptation(value),
  settings: (value) =>
    value === undefined || (Array.isArray(value) && value.every(isDeviceSetting)),
  setting: (value) => value === undefined || isDeviceSetting(value),
  accuracy: (value) => value === undefined || value === 'experimental',
  name: isText,
  aliases: (value) => Array.isArray(value) && value.every(isText),
  version: isText,
  device: (value) => isJsonObject(value) && isText(value.product),
  fusionRules: (value) => isJsonObject(value) && isJsonObject(value.fuse),
  weights: isText,
  manifest: (value) => isJsonObject(value) && isJsonObject(value.heldOut),
};

/** @throws NnMeterError E_INVALID_INPUT naming the field that is missing or of the wrong kind. */
export function checkDefinition(definition: unknown): asserts definition is PredictorDefinition {
  if (!isJsonObject(definition)) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      'this is no predictor definition, but a plugin exports one by default',
    );
  }
  for (const [field, isRight] of Object.entries(KINDS)) {
    if (isRight(definition[field])) continue;
    const name = isText(definition.name) ? ` of predictor "${definition.name}"` : '';
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `the ${field}${name} is missing or of the wrong kind; see PredictorDefinition`,
    );
  }
}

/** Checks what may come from a file. */
export function isSetting(value: unknown): value is Setting {
  return (
    isJsonObject(value) &&
    isText(value.precision) &&
    (value.cores === undefined || isText(value.cores))
  );
}

function isDeviceSetting(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    isSetting(value) &&
    isAdaptation(value.adaptation) &&
    isJsonObject(value.learned) &&
    isJsonObject(value.learned.unseen)
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
