import { NnMeterError, quote } from '@nnmeter/ir';

/** What one choice can be; in NNI a key of a LayerChoice or a candidate of a value choice. */
export type ChoiceValue = string | number | boolean;

/** One decision of a space. */
export interface Choice {
  readonly values: readonly ChoiceValue[];
  /**
   * The choice matters only if every label named here is active and has one of these values: the second block of a stage
   * only if the stage is at least two blocks deep. Absent: always.
   */
  readonly when?: Readonly<Record<string, readonly ChoiceValue[]>>;
}

/** Label -> choice. */
export type Choices = Readonly<Record<string, Choice>>;

/** Label -> chosen value, as NNI's `frozen_factory` takes it. Labels whose choice does not matter may be absent. */
export type Sample = Readonly<Record<string, ChoiceValue>>;
