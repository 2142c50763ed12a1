import {
  type Graph,
  GraphBuilder,
  locateErrors,
  NnMeterError,
  quote,
  type Shape,
} from '@nnmeter/ir';
import {
  type Choice,
  ChoiceIndex,
  type Choices,
  type ChoiceValue,
  type Sample,
} from './choices.ts';

/** Values alone stand for a choice that always matters. */
export type ChoiceInput = Choice | readonly ChoiceValue[];

/** What {@link defineSpace} takes. */
export interface SpaceDefinition {
  readonly name: string;
  /** Shape of the input, NCHW, for which networks are built unless another is asked for. */
  readonly input: Shape;
  /** Label -> choice, as an object or as a list of pairs. */
  readonly choices:
    | Readonly<Record<string, ChoiceInput>>
    | readonly (readonly [label: string, choice: ChoiceInput])[];
  /**
   * The network of a sample. The sample has a value for every label that matters, and no others. Nodes may be named after
   * the block that they belong to, `layer_1/conv`: a table then gives a block its own share.
   */
  build(sample: Sample, builder: GraphBuilder, input: Shape): Graph;
  /**
   * Labels whose values decide together what a part of the network costs, where this is known; what is not named here is
   * found out when a table is compiled. Every term but pairs and single labels is quicker said than found.
   */
  readonly terms?: readonly (readonly string[])[];
  /**
   * The sample that has the same network and stands for all that have it, where choices can be idle in ways that `when`
   * does not express. Of small spaces without `when` only.
   */
  canonical?(sample: Sample): Sample;
  /** The sample that a table is compiled around; default: the first values, all blocks present. */
  readonly reference?: Sample;
}

/** A search space: what can be chosen, as data, and how a choice becomes a network. */
export interface SearchSpace {
  readonly name: string;
  readonly input: Shape;
  readonly choices: ChoiceIndex;
  readonly terms: readonly (readonly number[])[];
  readonly reference: Sample | undefined;
  readonly canonical: ((sample: Sample) => Sample) | undefined;
  /**
   * The network of a sample, named after the space.
   * @throws NnMeterError E_INVALID_INPUT if it is no sample of the space, or the space builds no network
   */
  build(sample: Sample): Graph;
  /** The same space for inputs of another shape. */
  withInput(input: Shape): SearchSpace;
}

/**
 * A search space.
 * @throws NnMeterError E_INVALID_INPUT saying what of it is wrong
 */
export function defineSpace(definition: SpaceDefinition): SearchSpace {
  const { name, input, build } = definition ?? {};
  if (typeof name !== 'string' || name === '') throw invalid('a space needs a name');
  return locateErrors(
    () => ({ part: `space ${quote(name)}` }),
    () => {
      if (!isShape(input)) throw invalid('its input is a shape as in [1, 3, 224, 224]');
      if (typeof build !== 'function')
        throw invalid('it needs a function build(sample, builder, input) that returns a graph');
      const choices = new ChoiceIndex(choicesOf(definition.choices));
      const terms = (definition.terms ?? []).map((labels) =>
        labels.map((label) => choices.position(label)),
      );
      const isConditional = choices.order.some((label) => choices.ancestors(label).length > 0);
      if (definition.canonical !== undefined && isConditional)
        throw invalid(
          'it has `canonical` and choices with `when`: let canonical alone say what is idle',
        );
      if (definition.reference !== undefined) choices.encode(definition.reference);
      return create(definition, choices, terms, input);
    },
  );
}

function create(
  definition: SpaceDefinition,
  choices: ChoiceIndex,
  terms: SearchSpace['terms'],
  input: Shape,
): SearchSpace {
  const { name, reference } = definition;
  return {
    name,
    input,
    choices,
    terms,
    reference,
    canonical: definition.canonical,
    build(sample) {
      const settled = choices.decode(choices.encode(sample));
      return locateErrors(
        () => ({
          part: `space ${quote(name)}, sample ${quote(JSON.stringify(settled)).slice(1, -1)}`,
        }),
        () => {
          let graph: unknown;
          try {
            graph = definition.build(settled, new GraphBuilder(name), input);
          } catch (cause) {
            if (cause instanceof NnMeterError) throw cause;
            const { message } = cause as Error;
            throw new NnMeterError('E_INVALID_INPUT', `its build fails: ${message}`, { cause });
          }
          if (isGraph(graph)) return graph;
          throw invalid('its build returns no graph; end it with `return builder.build(output)`');
        },
      );
    },
    withInput(other) {
      if (!isShape(other)) throw invalid('an input is a shape as in [1, 3, 224, 224]');
      return create(definition, choices, terms, other);
    },
  };
}

/**
 * A space of which some choices are made, or have fewer values: `{ resolution: [224] }`.
 * @throws NnMeterError E_INVALID_INPUT for a label or value that it does not have
 */
export function narrowSpace(
  space: SearchSpace,
  kept: Readonly<Record<string, readonly ChoiceValue[]>>,
): SearchSpace {
  const { choices } = space;
  for (const [label, values] of Object.entries(kept)) {
    const known = choices.values[choices.position(label)]!;
    const wrong = values.find((value) => !known.includes(value));
    if (values.length === 0 || wrong !== undefined)
      throw invalid(`choice ${quote(label)} cannot be ${JSON.stringify(wrong) ?? 'nothing'}`);
  }
  const keeps = (label: string, value: ChoiceValue): boolean =>
    kept[label]?.includes(value) ?? true;
  const holds = (sample: Sample): boolean =>
    Object.entries(sample).every(([label, value]) => keeps(label, value));
  const conditionsOf = (label: string): [string, readonly ChoiceValue[]][] =>
    Object.entries(choices.choices[label]!.when ?? {}).map(([parent, allowed]) => [
      parent,
      allowed.filter((value) => keeps(parent, value)),
    ]);
  const gone = new Set<string>();
  for (const label of choices.order.map((position) => choices.labels[position]!)) {
    const isGone = conditionsOf(label).some(
      ([parent, allowed]) => gone.has(parent) || allowed.length === 0,
    );
    if (isGone) gone.add(label);
  }
  const narrowed = choices.labels
    .filter((label) => !gone.has(label))
    .map((label): [string, Choice] => {
      const { values, when } = choices.choices[label]!;
      const own = { values: values.filter((value) => keeps(label, value)) };
      return [
        label,
        when === undefined ? own : { ...own, when: Object.fromEntries(conditionsOf(label)) },
      ];
    });
  const { canonical, reference } = space;
  return defineSpace({
    name: space.name,
    input: space.input,
    choices: narrowed,
    terms: space.terms
      .map((labels) => labels.map((label) => choices.labels[label]!))
      .filter((labels) => labels.every((label) => !gone.has(label))),
    build: (sample, _builder, input) => space.withInput(input).build(sample),
    ...(reference !== undefined && holds(reference) && { reference }),
    ...(canonical !== undefined && {
      canonical: (sample) => [canonical(sample)].find(holds) ?? sample,
    }),
  });
}

/** SHA-256 of what makes a space the same space: tables and journals of another one do not fit. */
export async function spaceHash(space: SearchSpace): Promise<string> {
  const { name, input, choices } = space;
  const text = JSON.stringify([name, input, Object.entries(choices.choices)]);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function choicesOf(given: SpaceDefinition['choices']): Choices {
  if (typeof given !== 'object' || given === null)
    throw invalid('its choices are an object: label -> values');
  const entries = Array.isArray(given)
    ? (given as readonly (readonly [string, ChoiceInput])[])
    : Object.entries(given as Readonly<Record<string, ChoiceInput>>);
  const choices = new Map<string, Choice>();
  for (const [label, choice] of entries) {
    if (typeof label !== 'string' || label === '') throw invalid('a label is a text');
    if (choices.has(label)) throw invalid(`it has two choices with the label ${quote(label)}`);
    choices.set(label, choiceOf(label, choice));
  }
  return Object.fromEntries(choices);
}

function choiceOf(label: string, choice: ChoiceInput): Choice {
  if (Array.isArray(choice)) return { values: choice };
  if (typeof choice !== 'object' || choice === null)
    throw invalid(`choice ${quote(label)} is a list of values, or an object with values and when`);
  const { values, when } = choice as Choice;
  if (when === undefined) return { values };
  const isMap =
    typeof when === 'object' && when !== null && Object.values(when).every(Array.isArray);
  if (!isMap) throw invalid(`the when of choice ${quote(label)} is an object: label -> values`);
  return { values, when };
}

function isShape(shape: unknown): shape is Shape {
  return (
    Array.isArray(shape) &&
    shape.length > 0 &&
    shape.every((extent) => Number.isSafeInteger(extent) && extent > 0)
  );
}

/** By what it offers: a space in a file of the user's may have a copy of the class of its own. */
function isGraph(value: unknown): value is Graph {
  return typeof value === 'object' && value !== null && 'nodes' in value && 'edges' in value;
}

function invalid(problem: string): NnMeterError {
  return new NnMeterError('E_INVALID_INPUT', problem);
}
