import { evaluate, formatMs, formatShare, groupByFamily } from '@nnmeter/report';
import type { DocumentSection, ViewedDocument } from '@nnmeter/report/views';
import type { DriftPoint } from './drift.ts';
import type { RuleEvidence } from './learn-rules.ts';
import type { BuiltPredictor } from './plugin-files.ts';
import type { PluginCheck } from './train-plugin.ts';

/** A kernel of a measured model, by the runtime's own times. */
export interface MeasuredKernel {
  readonly model: string;
  readonly type: string;
  /** `1x56x56x64 -> 1x28x28x128` */
  readonly shapes: string;
  readonly ms: number;
}

export interface BuildFindings {
  readonly definition: BuiltPredictor;
  readonly check: PluginCheck;
  readonly evidence: readonly RuleEvidence[];
  readonly slowest: readonly MeasuredKernel[];
  readonly drift: readonly DriftPoint[];
  /** In words, what a user should know. */
  readonly notes: readonly string[];
}

/** All that a build found out, for `documentPage` of `@nnmeter/report/views`. */
export function viewBuild(findings: BuildFindings): ViewedDocument {
  const { definition, check, evidence, slowest, drift, notes } = findings;
  const { name, version, device, manifest } = definition;
  const comparisons = check.models;
  const evaluation = evaluate({ name, version }, 'networks not seen', comparisons);
  return {
    title: `${name}: how the predictor was built`,
    intro: `${device.processor}, ${device.framework}, ${device.precision}; ${manifest.date}`,
    notes,
    sections: [
      accuracySection(findings),
      {
        title: 'Predictions and measurements',
        evaluation: { evaluation, families: groupByFamily(comparisons) },
      },
      rulesSection(evidence),
      kernelsSection(slowest),
      driftSection(drift),
      factsSection(definition),
    ],
  };
}

function accuracySection({ definition, check }: BuildFindings): DocumentSection {
  const { build } = definition.manifest;
  const { accuracy, nearest, isCrossValidated } = check;
  const how = isCrossValidated ? 'cross-validated' : 'held out';
  const figures = (metrics: PluginCheck['accuracy']): string[] => [
    String(metrics.count),
    ...[metrics.within5, metrics.within10, metrics.within15, metrics.rmspe].map(formatShare),
  ];
  const ceiling = build.repeatCeiling === null ? 'not measured' : formatShare(build.repeatCeiling);
  return {
    title: 'Accuracy on networks that training did not see',
    text: `The repeat ceiling is the share of networks measured twice, far apart, whose latencies are within 10 %. ${formatShare(check.intervalCoverage)} of the measurements are inside their 90 % interval.`,
    table: {
      head: ['', 'networks', 'within 5 %', 'within 10 %', 'within 15 %', 'RMS error'],
      rows: [
        [`this predictor, ${how}`, ...figures(accuracy)],
        ...(nearest === undefined
          ? []
          : [[`${nearest.name}, calibrated`, ...figures(nearest.accuracy)]]),
        ['repeat ceiling', String(build.repeats), '', ceiling, '', ''],
      ],
    },
  };
}

function rulesSection(evidence: readonly RuleEvidence[]): DocumentSection {
  const shown = evidence.filter(({ isFused, isUncertain }) => isFused || isUncertain);
  return {
    title: 'What the runtime fuses',
    table: {
      head: ['rule', 'fused', 'from', 'why', ''],
      rows: shown.map(({ rule, isFused, from, why, isUncertain }) => [
        ...[rule, isFused ? 'yes' : 'no', from, why],
        isUncertain ? 'uncertain' : '',
      ]),
    },
  };
}

function kernelsSection(slowest: readonly MeasuredKernel[]): DocumentSection {
  const title = 'Slowest kernels';
  if (slowest.length === 0)
    return { title, text: 'The runtime does not tell the times of layers.' };
  return {
    title,
    table: {
      head: ['kernel', 'shapes', 'ms', 'of'],
      rows: slowest.map(({ type, shapes, ms, model }) => [type, shapes, formatMs(ms), model]),
    },
  };
}

/** The reference model's latency over time, and the load of the machine. */
function driftSection(drift: readonly DriftPoint[]): DocumentSection {
  const title = 'Drift of the machine, divided out';
  const [first] = drift;
  if (first === undefined) return { title, text: 'No reference was measured.' };
  return {
    title,
    text: 'Latency of the reference model, by its median, over the build.',
    line: {
      xTitle: 'minutes',
      yTitle: 'factor',
      points: drift.map(({ at, factor, ms, load }) => ({
        x: (at - first.at) / 60_000,
        y: factor,
        label: `${formatMs(ms)} ms${load === undefined ? '' : `, load ${load.toFixed(1)}`}`,
      })),
    },
  };
}

function factsSection({ manifest: { build } }: BuiltPredictor): DocumentSection {
  const facts = Object.entries(build.facts).map(([fact, value]) => [fact, String(value ?? '')]);
  return {
    title: 'What it was measured with',
    table: {
      head: ['fact', 'value'],
      rows: [
        ['runner', build.runner],
        ...facts,
        ['networks measured', String(build.networks)],
        ['single kernels measured', String(build.kernels)],
        ['models that could not be measured', String(build.failed)],
        ['models left out', build.leftOut.join(', ') || 'none'],
        ['measuring', `${build.measuringSeconds.toFixed(0)} s`],
        ['mean load of the machine', build.load?.toFixed(2) ?? 'not known'],
      ],
    },
  };
}
