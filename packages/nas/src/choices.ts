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

/** A candidate as numbers: for every label the position of its value; 0 where the choice does not matter. */
export type Genome = Uint8Array;

interface Condition {
  readonly label: number;
  /** By position of the value. */
  readonly allows: readonly boolean[];
}

/** More combinations of the choices that decide whether others matter are not counted. */
const MAX_COUNTED = 1_000_000;
/** A position is one byte. */
const MAX_VALUES = 256;

/** The choices of a space, checked and numbered. Labels keep their order. */
export class ChoiceIndex {
  readonly choices: Choices;
  readonly labels: readonly string[];
  readonly values: readonly (readonly ChoiceValue[])[];
  /** Labels, those that decide before those that depend on them. */
  readonly order: readonly number[];
  readonly #conditions: readonly (readonly Condition[])[];
  readonly #positions: ReadonlyMap<string, number>;

  /**
   * @throws NnMeterError E_INVALID_INPUT for a choice without values, a value twice, a condition on a label or value that
   * is not there, conditions in a circle
   */
  constructor(choices: Choices) {
    this.choices = choices;
    this.labels = Object.keys(choices);
    if (this.labels.length === 0) throw invalid('a space needs choices, and has none');
    this.values = this.labels.map((label) => checkedValues(label, choices[label]!.values));
    this.#positions = new Map(this.labels.map((label, position) => [label, position]));
    this.#conditions = this.labels.map((label) => this.#conditionsOf(label));
    this.order = this.#inOrder();
  }

  /** The position of a label. @throws NnMeterError E_INVALID_INPUT if there is none of that name */
  position(label: string): number {
    const position = this.#positions.get(label);
    if (position !== undefined) return position;
    throw invalid(`there is no choice ${quote(label)}`, this.#labelsHint());
  }

  /** The labels that decide whether a label matters, directly or through others. */
  ancestors(label: number): readonly number[] {
    const found = new Set<number>();
    const visit = (each: number): void => {
      for (const { label: parent } of this.#conditions[each]!) {
        visit(parent);
        found.add(parent);
      }
    };
    visit(label);
    return [...found];
  }

  /** By label: 1 if its choice matters. @param active is filled and returned */
  activity(genome: Genome, active: Uint8Array = new Uint8Array(this.labels.length)): Uint8Array {
    for (const label of this.order) {
      let isActive = 1;
      for (const condition of this.#conditions[label]!) {
        if (active[condition.label] === 0 || !condition.allows[genome[condition.label]!]) {
          isActive = 0;
          break;
        }
      }
      active[label] = isActive;
    }
    return active;
  }

  /** Sets what does not matter to 0, in place. */
  settle(genome: Genome): Genome {
    const active = this.activity(genome);
    for (let label = 0; label < active.length; label++) if (active[label] === 0) genome[label] = 0;
    return genome;
  }

  /** Gives what decides whether a label matters values with which it does, in place. */
  activate(genome: Genome, label: number): void {
    for (const condition of this.#conditions[label]!) {
      this.activate(genome, condition.label);
      if (!condition.allows[genome[condition.label]!])
        genome[condition.label] = condition.allows.indexOf(true);
    }
  }

  /** The first values, those that decide whether blocks are there such that all are. */
  complete(): Genome {
    const genome = new Uint8Array(this.labels.length);
    for (const label of this.order) this.activate(genome, label);
    return this.settle(genome);
  }

  /**
   * The genome of a sample.
   * @throws NnMeterError E_INVALID_INPUT naming the label that is unknown or missing, or the value that is none of its
   */
  encode(sample: Sample): Genome {
    if (typeof sample !== 'object' || sample === null || Array.isArray(sample))
      throw invalid('a sample is an object: label -> value');
    for (const label of Object.keys(sample)) this.position(label);
    const genome = new Uint8Array(this.labels.length);
    const active = new Uint8Array(this.labels.length);
    for (const label of this.order) {
      const isActive = this.#conditions[label]!.every(
        (condition) => active[condition.label] === 1 && condition.allows[genome[condition.label]!],
      );
      if (!isActive) continue;
      active[label] = 1;
      const name = this.labels[label]!;
      const value = Object.hasOwn(sample, name) ? sample[name] : undefined;
      if (value === undefined) throw invalid(`the sample has no ${quote(name)}`);
      const position = this.values[label]!.indexOf(value);
      if (position < 0) {
        throw invalid(
          `${quote(name)} cannot be ${shown(value)}`,
          `it is one of ${this.values[label]!.map(shown).join(', ')}`,
        );
      }
      genome[label] = position;
    }
    return genome;
  }

  /** The sample of a genome: the labels that matter. */
  decode(genome: Genome): Sample {
    const active = this.activity(genome);
    const sample: Record<string, ChoiceValue> = {};
    for (let label = 0; label < active.length; label++) {
      if (active[label] === 1) sample[this.labels[label]!] = this.values[label]![genome[label]!]!;
    }
    return sample;
  }

  /** How many different samples there are. */
  size(): bigint {
    let size = 1n;
    for (const group of this.#groups()) size *= this.#sizeOf(group);
    return size;
  }

  /** Labels that no condition connects are counted apart. */
  #groups(): number[][] {
    const groupOf = this.labels.map((_, label) => label);
    const rootOf = (label: number): number => {
      let root = label;
      while (groupOf[root] !== root) root = groupOf[root]!;
      return root;
    };
    this.#conditions.forEach((conditions, label) => {
      for (const { label: parent } of conditions) groupOf[rootOf(label)] = rootOf(parent);
    });
    const groups = new Map<number, number[]>();
    for (const label of this.order) {
      const root = rootOf(label);
      groups.set(root, [...(groups.get(root) ?? []), label]);
    }
    return [...groups.values()];
  }

  #sizeOf(group: readonly number[]): bigint {
    const deciding = new Set(
      group.flatMap((label) => this.#conditions[label]!.map((condition) => condition.label)),
    );
    const genome = new Uint8Array(this.labels.length);
    const isActive = (label: number): boolean =>
      this.#conditions[label]!.every(
        (condition) => isActive(condition.label) && condition.allows[genome[condition.label]!],
      );
    let counted = 0;
    const count = (at: number): bigint => {
      const label = group[at];
      if (label === undefined) return 1n;
      if (!isActive(label)) return count(at + 1);
      const values = this.values[label]!.length;
      if (!deciding.has(label)) return BigInt(values) * count(at + 1);
      let sum = 0n;
      for (let position = 0; position < values; position++) {
        if (++counted > MAX_COUNTED)
          throw new NnMeterError('E_LIMIT', 'the conditions of the space are too many to count');
        genome[label] = position;
        sum += count(at + 1);
      }
      return sum;
    };
    return count(0);
  }

  #conditionsOf(label: string): readonly Condition[] {
    return Object.entries(this.choices[label]!.when ?? {}).map(([parent, allowed]) => {
      const position = this.#positions.get(parent);
      if (position === undefined) {
        throw invalid(
          `choice ${quote(label)} depends on ${quote(parent)}, which is no choice`,
          this.#labelsHint(),
        );
      }
      const values = this.values[position]!;
      const wrong = allowed.find((value) => !values.includes(value));
      if (wrong !== undefined || allowed.length === 0) {
        const what = wrong === undefined ? 'on no value of' : `on ${shown(wrong)}, no value of`;
        throw invalid(`choice ${quote(label)} depends ${what} ${quote(parent)}`);
      }
      return { label: position, allows: values.map((value) => allowed.includes(value)) };
    });
  }

  #inOrder(): readonly number[] {
    const order: number[] = [];
    const path: number[] = [];
    const visit = (label: number): void => {
      if (order.includes(label)) return;
      if (path.includes(label)) {
        const circle = [...path.slice(path.indexOf(label)), label];
        throw invalid(
          `the conditions of choices go in a circle: ${circle.map((each) => quote(this.labels[each]!)).join(' depends on ')}`,
        );
      }
      path.push(label);
      for (const condition of this.#conditions[label]!) visit(condition.label);
      path.pop();
      order.push(label);
    };
    for (let label = 0; label < this.labels.length; label++) visit(label);
    return order;
  }

  #labelsHint(): string {
    return `its choices are ${this.labels
      .slice(0, 20)
      .map((label) => quote(label))
      .join(', ')}${this.labels.length > 20 ? ', ...' : ''}`;
  }
}

/** A sample as text that is the same for the same sample. */
export function sampleKey(genome: Genome): string {
  return String.fromCharCode(...genome);
}

function checkedValues(label: string, values: unknown): readonly ChoiceValue[] {
  if (!Array.isArray(values) || values.length === 0)
    throw invalid(`choice ${quote(label)} needs a list of values`);
  if (values.length > MAX_VALUES)
    throw invalid(`choice ${quote(label)} has ${values.length} values; ${MAX_VALUES} at most`);
  for (const [position, value] of values.entries()) {
    const isValue =
      typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
    if (!isValue) {
      throw invalid(
        `choice ${quote(label)} has the value ${shown(value)}, which is no string, number or boolean`,
      );
    }
    if (values.indexOf(value) < position)
      throw invalid(`choice ${quote(label)} has the value ${shown(value)} twice`);
  }
  return values;
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 60) ?? String(value);
}

function invalid(problem: string, hint?: string): NnMeterError {
  return new NnMeterError('E_INVALID_INPUT', problem, hint === undefined ? {} : { hint });
}
