import type { Graph } from '@nnmeter/ir';
import type { FusionRules } from '@nnmeter/kernel-detect';
import type { FusedNode } from '@nnmeter/runners';
import { countVotes, type Votes } from './fusion-evidence.ts';
import { FUSION_PAIRS, type PairTimes, pairGain } from './fusion-pairs.ts';

/** What a rule rests on. */
export interface RuleEvidence {
  /** `BF_conv_relu` */
  readonly rule: string;
  readonly isFused: boolean;
  /** Read from the runtime's own graph; from the times of two layers alone and together; or taken from another device. */
  readonly from: 'graph' | 'timing' | 'assumed';
  /** In words, with the figures. */
  readonly why: string;
  /** Layers alone are not always fused as in a network, and what is assumed may be wrong. */
  readonly isUncertain: boolean;
}

export interface LearnedRules {
  readonly rules: FusionRules;
  readonly evidence: readonly RuleEvidence[];
}

/** What a runtime's own graph of a network says. */
export interface ShownGraph {
  readonly graph: Graph;
  readonly groups: readonly FusedNode[];
}

/** Rules as the runtime's own graphs of networks show them. */
export function rulesFromGraphs(shown: readonly ShownGraph[], runtime: string): LearnedRules {
  const votes = new Map<string, Votes>();
  for (const { graph, groups } of shown) countVotes(graph, groups, votes);
  const evidence = [...votes].map(([rule, { fused, apart }]): RuleEvidence => {
    const isFused = fused > apart;
    const why = `fused ${fused} times, apart ${apart} times in ${shown.length} networks`;
    return { rule, isFused, from: 'graph', why, isUncertain: fused > 0 && apart > 0 };
  });
  return toRules(
    evidence,
    `read from the graphs that ${runtime} makes of ${shown.length} networks`,
  );
}

/**
 * Rules by the times of pairs of layers, alone and together; those that were not timed are another device's.
 * @param assumed of the nearest known device
 */
export function rulesFromTimes(
  times: ReadonlyMap<string, PairTimes>,
  assumed: FusionRules,
): LearnedRules {
  const evidence = FUSION_PAIRS.flatMap((pair): RuleEvidence[] => {
    const timed = times.get(pair.rule);
    if (timed === undefined) return [];
    const { gain, error } = pairGain(timed);
    const isFused = gain > 0.5;
    const percent = (share: number): string => `${Math.round(100 * share)} %`;
    const why = `together ${percent(gain)} ± ${percent(error)} of the lesser layer's time is saved`;
    return [{ rule: pair.rule, isFused, from: 'timing', why, isUncertain: true }];
  });
  for (const [rule, isFused] of Object.entries(assumed.fuse)) {
    if (evidence.some((each) => each.rule === rule)) continue;
    evidence.push({ rule, isFused, from: 'assumed', why: 'not timed', isUncertain: true });
  }
  const timed = times.size === 0 ? '' : `${times.size} pairs timed, the others `;
  return toRules(evidence, `${timed}taken from the nearest known device; uncertain`);
}

function toRules(evidence: readonly RuleEvidence[], source: string): LearnedRules {
  const sorted = evidence.toSorted((a, b) => (a.rule < b.rule ? -1 : 1));
  const fuse = Object.fromEntries(sorted.map(({ rule, isFused }) => [rule, isFused]));
  const because = sorted
    .filter(({ isUncertain }) => isUncertain)
    .map(({ rule, why, from }) => ({ rules: [rule], reason: `${from}: ${why}` }));
  return { rules: { source, fuse, ...(because.length > 0 && { because }) }, evidence: sorted };
}
