import { familyOf, hashOf } from '@nnmeter/dataset';
import type { Graph } from '@nnmeter/ir';
import type { Draft } from './draw.ts';

/** A model to measure. */
export interface PlannedModel {
  /** Family and a hash of the configuration: the same model has the same id in every plan. */
  readonly id: string;
  /** `familyOf(id)` of @nnmeter/dataset. */
  readonly family: string;
  /** A single kernel teaches and is never tested with. */
  readonly isKernel: boolean;
  graph(): Graph;
}

/** The planned model of a draft. */
export function toModel({ family, configuration, isKernel, build }: Draft): PlannedModel {
  const id = idOf(family, configuration);
  return { id, family: familyOf(id), isKernel, graph: () => build(id) };
}

/** The id of a model: its family, and a hash of all that decides what it is. */
export function idOf(family: string, configuration: unknown): string {
  return `${family}_${hashOf(JSON.stringify(configuration))}`;
}
