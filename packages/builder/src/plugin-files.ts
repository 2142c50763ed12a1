import { encodeWeights, type LatencyMetrics } from '@nnmeter/latency-model';
import {
  type DeviceFacts,
  decodeBase64,
  encodeBase64,
  type PredictorDefinition,
  type TrainingManifest,
} from '@nnmeter/predictor';
import type { RunnerFacts } from '@nnmeter/runners';
import type { TrainedPlugin } from './train-plugin.ts';

/** Of every predictor that is built. */
export const PLUGIN_VERSION = '1.0';

/** How a predictor was built: what the manifest of a plugin has besides. */
export interface BuildRecord {
  readonly runner: string;
  /** What the runner says it measured with. */
  readonly facts: RunnerFacts;
  readonly seed: number;
  /** SHA-256 of the beginning of the plan. */
  readonly plan: string;
  readonly networks: number;
  readonly kernels: number;
  /** Models that could not be measured, and that were left out. */
  readonly failed: number;
  readonly leftOut: readonly string[];
  /** Share of networks measured twice whose latencies are within 10 %; null if none was. */
  readonly repeatCeiling: number | null;
  readonly repeats: number;
  /** Whether every network was predicted by a training that did not see it, or only a fifth. */
  readonly isCrossValidated: boolean;
  readonly intervalCoverage: number;
  /** Least and greatest slowness of the machine, of its median; divided out. */
  readonly drift: readonly [least: number, most: number];
  /** Mean load average of the machine that the build ran on; null where it is not known. */
  readonly load: number | null;
  /** Measuring, s. */
  readonly measuringSeconds: number;
  readonly nearest: { readonly name: string; readonly heldOut: LatencyMetrics } | null;
}

export interface BuildManifest extends TrainingManifest {
  readonly build: BuildRecord;
}

/** All that a plugin says of its device. */
export interface BuiltPredictor extends PredictorDefinition {
  readonly manifest: BuildManifest;
}

/** The definition of a predictor that was built. */
export function toDefinition(
  name: string,
  device: DeviceFacts,
  fusionRules: PredictorDefinition['fusionRules'],
  { weights, adaptation }: TrainedPlugin,
  manifest: BuildManifest,
): BuiltPredictor {
  const text = encodeBase64(encodeWeights(weights));
  return {
    name,
    aliases: [],
    version: PLUGIN_VERSION,
    device,
    fusionRules,
    weights: text,
    ...(adaptation && { adaptation }),
    manifest,
  };
}

/** The files of a folder, by name. */
export type PluginFiles = Readonly<Record<string, string | Uint8Array>>;

/**
 * The files of a plugin: plain JavaScript that needs nothing, the same as data, and a report. A package that npm
 * installs from a folder and that nn-Meter finds by its keyword.
 */
export function pluginFiles(
  definition: BuiltPredictor,
  terms: string,
  report: string,
): PluginFiles {
  const { name, aliases, version, device, fusionRules, weights, adaptation, manifest } = definition;
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  const title = `${device.processor}, ${device.framework}`;
  const { trainedOn } = manifest;
  return {
    'package.json': json(packageFile(name, title)),
    'index.js': `// Made by nn-meter build: a latency predictor as data.\nexport default ${json(definition).trimEnd()};\n`,
    'index.d.ts':
      "declare const definition: import('@nnmeter/predictor').PredictorDefinition;\nexport default definition;\n",
    'weights.bin': decodeBase64(weights)!,
    ...(adaptation && { 'adaptation.json': json(adaptation) }),
    'rules.json': json(fusionRules),
    'device.json': json({ name, aliases, version, title, device, terms, trainedOn }),
    'manifest.json': json(manifest),
    'report.html': report,
    'README.md': readme(name, title, manifest),
  };
}

function packageFile(name: string, title: string): object {
  return {
    name: packageName(name),
    version: `${PLUGIN_VERSION}.0`,
    description: `nn-Meter latency predictor plugin: ${title}.`,
    keywords: ['nn-meter', 'nnmeter-predictor', 'latency'],
    type: 'module',
    sideEffects: false,
    exports: {
      '.': { types: './index.d.ts', default: './index.js' },
      './package.json': './package.json',
    },
    peerDependencies: { '@nnmeter/predictor': '^2.0.0' },
    peerDependenciesMeta: { '@nnmeter/predictor': { optional: true } },
  };
}

/** Of the package that a predictor of this name is. */
export function packageName(name: string): string {
  return `nnmeter-predictor-${name.toLowerCase().replaceAll('+', '-')}`;
}

function readme(
  name: string,
  title: string,
  { heldOut, models, date, build }: BuildManifest,
): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const ceiling =
    build.repeatCeiling === null
      ? 'Nothing was measured twice.'
      : `${percent(build.repeatCeiling)} of ${build.repeats} networks measured twice were within 10 % of themselves.`;
  return `# ${name}

A latency predictor for ${title}, made by \`nn-meter build\` on ${date}.

    nn-meter --predictor ${name} model.onnx

In a project of its own: \`npm install ${packageName(name)}\` where it is published, or the path of this folder.

${percent(heldOut.within10)} of ${heldOut.count} networks that training did not see are predicted within 10 %
(${build.isCrossValidated ? 'cross-validated' : 'held out by a hash of their ids'}; trained on ${models} models). ${ceiling}
What was measured, what the runtime fuses, and how the machine drifted: [report](report.html).
`;
}
