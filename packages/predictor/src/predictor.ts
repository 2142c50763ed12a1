import { Graph, locateErrors, NnMeterError, quote, type ReadOptions } from '@nnmeter/ir';
import { detectKernels } from '@nnmeter/kernel-detect';
import {
  decodeLatencyModel,
  type IntervalWidths,
  type KernelDescription,
  type NetworkParts,
  sumOfParts,
  type WeightReload,
} from '@nnmeter/latency-model';
import { decodeBase64 } from './base64.ts';
import { buildReport } from './build-report.ts';
import {
  checkDefinition,
  type DeviceFacts,
  type DeviceSetting,
  type PredictorDefinition,
  type Setting,
  type TrainingManifest,
} from './definition.ts';
import { modelFileToGraph, modelToGraph } from './models.ts';
import type { LatencyReport } from './report.ts';
import { requireShapes } from './require-shapes.ts';
import { namedSetting, settingOf, settingText } from './settings.ts';

/** Predicts how long models run on one device. */
export interface LatencyPredictor {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly version: string;
  readonly device: DeviceFacts;
  /** Null for predictors of the original nn-Meter, which do not say. */
  readonly manifest: TrainingManifest | null;
  /** Which of its device's settings it predicts; absent if none are told apart. */
  readonly setting?: ChosenSetting;
  /** What a network takes in addition to its kernels; absent if nothing, so that latencies are sums over parts of networks. */
  readonly reloads?: readonly WeightReload[];
  /**
   * The latency of a graph, with its breakdown by kernel.
   * @throws NnMeterError E_MISSING_DIMENSION if no shape is known, so that nothing could be predicted
   */
  predictGraph(graph: Graph): LatencyReport;
  /** Only the total of {@link predictGraph}, ms; for searches over many candidates. */
  totalMs(graph: Graph): number;
  /**
   * Reads a model and predicts its latency. `model` is a graph, the path of a file, a torchvision name (with
   * `torchvision`), the bytes of a file, a Blob or File, or a format's own object (ONNX `ModelProto`, parsed JSON). Without `modelType` files, bytes and
   * objects are recognised by their content.
   * @throws NnMeterError as {@link modelFileToGraph} and {@link modelToGraph}.
   */
  predict(model: unknown, modelType?: string, options?: ReadOptions): Promise<LatencyReport>;
}

/** A setting that is predicted. */
export interface ChosenSetting extends Setting {
  /** Whether it is the one that is predicted unless another is asked for. */
  readonly isDefault: boolean;
}

/**
 * A predictor that takes kernels apart from graphs. In a search whose candidates are put together from the same blocks,
 * describe each block once and estimate candidates as lists of descriptions: no graph has to be built.
 */
export interface DevicePredictor extends LatencyPredictor {
  /**
   * The kernels in which the device runs a graph, as plain numbers, in the order of execution.
   * @throws NnMeterError E_SHAPE if a tensor between kernels has no known shape.
   */
  describeKernels(graph: Graph): KernelDescription[];
  /**
   * Total of a model that consists of these kernels, ms, start-up cost included:
   * `kernelsTotalMs(describeKernels(graph))` is `totalMs(graph)`.
   */
  kernelsTotalMs(kernels: readonly KernelDescription[]): number;
  /** {@link totalMs} in parts: with `intervalWidths` they give the interval of {@link predictGraph}. */
  latencyParts(graph: Graph): NetworkParts;
  /** Null if the predictor cannot tell. */
  readonly intervalWidths: IntervalWidths | null;
}

/**
 * Makes a predictor from a device's definition (what a plugin package exports).
 * Of several settings it predicts the first; see {@link inSetting}.
 * @throws NnMeterError E_WEIGHTS if the weights are damaged, E_INVALID_INPUT if it is no definition.
 */
export function createPredictor(definition: PredictorDefinition): DevicePredictor {
  checkDefinition(definition);
  const setting = settingOf(definition);
  const { name, aliases, version, fusionRules } = definition;
  const manifest =
    setting === undefined
      ? definition.manifest
      : { ...definition.manifest, heldOut: setting.learned.unseen };
  const device =
    setting === undefined
      ? definition.device
      : { ...definition.device, precision: settingText(setting) };
  const latencyModel = locateErrors(
    () => ({ predictor: `${name} ${version}` }),
    () => decodeLatencyModel(weightsOf(definition), setting?.adaptation ?? definition.adaptation),
  );

  const { reloads } = latencyModel;

  function predictGraph(graph: Graph): LatencyReport {
    requireShapes(graph);
    const kernels = detectKernels(graph, fusionRules);
    return buildReport(definition, latencyModel, graph, kernels);
  }

  function latencyParts(graph: Graph): NetworkParts {
    requireShapes(graph);
    const predictions = latencyModel.predictKernels(detectKernels(graph, fusionRules), graph);
    return sumOfParts(latencyModel.startupMs, predictions, reloads);
  }

  function totalMs(graph: Graph): number {
    return latencyParts(graph).totalMs;
  }

  function describeKernels(graph: Graph): KernelDescription[] {
    const kernels = detectKernels(graph, fusionRules);
    return latencyModel.describeKernels(kernels, graph).map((description, index) => {
      if (description !== undefined) return description;
      throw new NnMeterError(
        'E_SHAPE',
        `the kernel of node ${quote(kernels[index]!.root.name)} reads or writes a tensor of unknown shape; give the shapes of the model's inputs`,
      );
    });
  }

  function kernelsTotalMs(kernels: readonly KernelDescription[]): number {
    return sumOfParts(
      latencyModel.startupMs,
      kernels.map((kernel) => latencyModel.predictDescribed(kernel)),
      reloads,
    ).totalMs;
  }

  async function predict(
    model: unknown,
    modelType?: string,
    options?: ReadOptions,
  ): Promise<LatencyReport> {
    return predictGraph(await graphOf(model, modelType, options));
  }

  return {
    name,
    aliases,
    version,
    device,
    manifest,
    ...(setting && { setting: chosenSetting(setting, definition) }),
    ...(reloads.length > 0 && { reloads }),
    predictGraph,
    totalMs,
    describeKernels,
    kernelsTotalMs,
    latencyParts,
    intervalWidths: latencyModel.intervalWidths,
    predict,
  };
}

function chosenSetting(setting: DeviceSetting, { settings }: PredictorDefinition): ChosenSetting {
  return { ...namedSetting(setting), isDefault: setting === settings?.[0] };
}

function weightsOf({ weights }: PredictorDefinition): Uint8Array {
  const bytes = decodeBase64(weights);
  if (bytes !== undefined) return bytes;
  throw new NnMeterError('E_WEIGHTS', 'the weights are not valid base64');
}

/** The graph of anything that {@link LatencyPredictor.predict} takes. */
export async function graphOf(
  model: unknown,
  modelType?: string,
  options?: ReadOptions,
): Promise<Graph> {
  if (model instanceof Graph) return model;
  const read = typeof model === 'string' ? modelFileToGraph : modelToGraph;
  return read(model as string, modelType, options);
}
