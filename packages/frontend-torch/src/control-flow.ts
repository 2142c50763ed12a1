import type { Assumptions, Shape } from '@nnmeter/ir';
import { Unknown } from './call.ts';
import type { GraphSource } from './program.ts';
import type { ArgumentValue } from './signature.ts';
import type { Step } from './step.ts';
import { Value } from './value.ts';

/** Trips are written out, up to so many nodes of a loop. */
const MAX_LOOP_NODES = 100_000;

/** A node that runs graphs among its arguments. */
export interface ControlNode {
  readonly graphs: readonly GraphSource[];
  /** The other arguments in order. */
  readonly values: readonly ArgumentValue[];
  /** How many results it has. */
  readonly resultCount: number;
  readonly label: string;
}

/** What running them takes. */
export interface Bodies {
  /** The steps of the graph so far. */
  readonly steps: Step[];
  readonly assumptions: Assumptions;
  /** Puts a graph in the place of its call. @returns its results */
  run(body: GraphSource, operands: readonly (Value | undefined)[]): readonly (Value | undefined)[];
  /** The slices of a tensor along its first axis. */
  unbind(whole: Value): readonly Value[];
  /** Tensors side by side along a new first axis: the result `slot` of the node. */
  stack(parts: readonly Value[], slot: number): Value;
  warn(text: string, kind: string): void;
}

type Results = readonly (Value | undefined)[];

/** Of the branches the one of more nodes, as only data decide. */
function branch({ graphs, values, label, resultCount }: ControlNode, bodies: Bodies): Results {
  const operands = tensorsOf(values.at(-1));
  const start = bodies.steps.length;
  const branches = graphs.map((graph) => {
    const results = bodies.run(graph, operands);
    return { results, steps: bodies.steps.splice(start) };
  });
  const [longest] = branches.toSorted((a, b) => b.steps.length - a.steps.length);
  if (longest === undefined) throw new Unknown();
  if (longest.results.length !== resultCount) throw new Unknown();
  bodies.steps.push(...longest.steps);
  bodies.warn(
    `${label}: its condition depends on data; the branch of more nodes is counted`,
    'cond',
  );
  return longest.results;
}

/** Graphs: the condition and the body; values: what is carried from trip to trip, and what all trips read. */
function whileLoop({ graphs, values, resultCount }: ControlNode, bodies: Bodies): Results {
  const [carried, others] = [tensorsOf(values[0]), tensorsOf(values[1])];
  const body = graphs[1];
  if (body === undefined) throw new Unknown();
  const trips = bodies.assumptions.size('loop');
  checkTrips(trips, body);
  const start = bodies.steps.length;
  let state: Results = carried;
  for (let trip = 0; trip < trips; trip++) {
    state = bodies.run(body, [...state, ...others]);
    if (state.length !== resultCount) throw new Unknown();
  }
  for (const step of bodies.steps.slice(start)) step.isAssumed = true;
  return state;
}

/** Values: the tensors whose slices the body runs on, and what it reads every time. */
function map(node: ControlNode, bodies: Bodies): Results {
  const [lists, others] = node.values.filter(Array.isArray).map(tensorsOf);
  return eachSlice(node, bodies, { state: [], lists: lists ?? [], others: others ?? [] });
}

/** Values: the first state, the tensors whose slices the body runs on, and what it reads every time. */
function scan(node: ControlNode, bodies: Bodies): Results {
  const [state, lists, others] = node.values.filter(Array.isArray).map(tensorsOf);
  const axis = node.values.find((value) => typeof value === 'number');
  const isReversed = node.values.includes(true);
  if ((axis ?? 0) !== 0 || isReversed) throw new Unknown();
  return eachSlice(node, bodies, { state: state ?? [], lists: lists ?? [], others: others ?? [] });
}

/** Runs the body on the slices along the first axis. Its results are the next state, then what is collected. */
function eachSlice(
  { graphs: [body], resultCount }: ControlNode,
  bodies: Bodies,
  inputs: { readonly state: Results; readonly lists: Results; readonly others: Results },
): Results {
  const { lists, others } = inputs;
  const whole = lists.filter((list) => list !== undefined);
  const [first] = whole;
  const trips = first?.shape?.[0];
  if (body === undefined || trips === undefined || trips === 0) throw new Unknown();
  if (whole.some(({ shape }) => shape?.[0] !== trips)) throw new Unknown();
  checkTrips(trips, body);
  const slices = whole.map((list) => bodies.unbind(list));
  let { state } = inputs;
  const collected: Results[] = [];
  for (let trip = 0; trip < trips; trip++) {
    const results = bodies.run(body, [...state, ...slices.map((each) => each[trip]), ...others]);
    if (results.length !== resultCount) throw new Unknown();
    state = results.slice(0, state.length);
    collected.push(results.slice(state.length));
  }
  const count = resultCount - state.length;
  const stacks = Array.from({ length: count }, (_, index) => {
    const parts = collected.map((results) => results[index]).filter((part) => part !== undefined);
    if (parts.length < trips) throw new Unknown();
    return bodies.stack(parts, state.length + index);
  });
  return [...state, ...stacks];
}

function checkTrips(trips: number, body: GraphSource): void {
  if (trips * Math.max(1, body.nodes.length) > MAX_LOOP_NODES) throw new Unknown();
}

/** One for each entry of a list, undefined where that is no tensor. */
function tensorsOf(value: ArgumentValue): Results {
  const list = Array.isArray(value) ? (value as readonly ArgumentValue[]) : [value];
  return list.map((each) => (each instanceof Value ? each : undefined));
}

/** The shape of the slices of a tensor along its first axis. */
export function sliceShape({ shape }: Value): Shape {
  if (shape === undefined) throw new Unknown();
  return shape.slice(1);
}

/** Of torch's higher-order ops those that decide how often a graph runs. */
export const CONTROL_FLOW: ReadonlyMap<string, (node: ControlNode, bodies: Bodies) => Results> =
  new Map([
    ['cond', branch],
    ['while_loop', whileLoop],
    ['map', map],
    ['map_impl', map],
    ['scan', scan],
  ]);
