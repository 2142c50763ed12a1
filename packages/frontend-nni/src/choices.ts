import { quote } from '@nnmeter/ir';
import type { NniEdge, NniGraph, NniModel, NniNode } from './decode.ts';
import { ruleName } from './ops/table.ts';

/** A model without open choices. */
export interface SettledModel {
  readonly model: NniModel;
  /** What was chosen in the user's place, in words. */
  readonly warnings: readonly string[];
}

/** NNI's name of a node of a candidate: `layerchoice_<label>_<candidate>`, with `__` and more for the nodes inside it. */
const CANDIDATE = /^layerchoice_(.+?)_([^_]+)(?=__|$)/;

/**
 * Makes the choices that a search has left open. The first candidate of a `LayerChoice` stands for all: no network runs
 * none or several of them. What an `InputChoice` hands on is followed as a value (see {@link isOpenInputChoice}).
 */
export function settleChoices(model: NniModel): SettledModel {
  const warnings: string[] = [];
  const graphs = new Map<string, NniGraph>();
  for (const [name, graph] of model.graphs) graphs.set(name, firstCandidates(graph, warnings));
  for (const graph of model.graphs.values()) {
    for (const [name, node] of graph.nodes) {
      if (isOpenInputChoice(node)) warnings.push(inputWarning(name, node));
      const choice = graphs.get(node.cell ?? name);
      if (node.parameters.mutation !== 'layerchoice' || choice === undefined) continue;
      const count = graph.edges.filter(({ tail }) => tail[0] === name).length;
      graphs.set(node.cell ?? name, connected(choice, count));
    }
  }
  return { model: { ...model, graphs }, warnings };
}

/** Whether a node hands one of the tensors of a list on, of which no search has said yet which. */
export function isOpenInputChoice({ type, parameters }: NniNode): boolean {
  return ruleName(type) === 'inputchoice' && parameters.n_chosen === 1;
}

/** The graph with the first candidate of every choice whose candidates it holds. */
function firstCandidates(graph: NniGraph, warnings: string[]): NniGraph {
  const choices = new Map<string, Map<string, string[]>>();
  for (const name of graph.nodes.keys()) {
    const [, label, candidate] = CANDIDATE.exec(name) ?? [];
    if (label === undefined || candidate === undefined) continue;
    const candidates = choices.get(label) ?? new Map<string, string[]>();
    choices.set(label, candidates);
    const names = candidates.get(candidate) ?? [];
    candidates.set(candidate, names);
    names.push(name);
  }
  const others = new Set<string>();
  for (const [label, candidates] of choices) {
    if (candidates.size === 1) continue;
    warnings.push(layerWarning(label, candidates.size));
    for (const [, names] of [...candidates].sort(byNumber).slice(1))
      for (const name of names) others.add(name);
  }
  if (others.size === 0) return graph;
  return {
    ...graph,
    nodes: new Map([...graph.nodes].filter(([name]) => !others.has(name))),
    edges: graph.edges.filter(({ head, tail }) => !others.has(head[0]) && !others.has(tail[0])),
  };
}

/** Candidates without names are numbered; NNI's flattening changes their order. */
function byNumber([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return Number(one) - Number(other) || 0;
}

/** NNI lists the candidates of a choice without edges: all that the choice reads and gives is its first one's. */
function connected(choice: NniGraph, inputs: number): NniGraph {
  const [first] = choice.nodes.keys();
  if (first === undefined || choice.edges.length > 0) return choice;
  const edges: NniEdge[] = [{ head: [first, null], tail: ['_outputs', 0] }];
  for (let slot = 0; slot < inputs; slot++)
    edges.push({ head: ['_inputs', slot], tail: [first, slot] });
  return { ...choice, edges };
}

const ADVICE = 'fix the candidate before the model is written to cost another';

function layerWarning(label: string, count: number): string {
  return `the choice ${quote(label)} between ${count} layers is open: its first candidate is costed; ${ADVICE}`;
}

function inputWarning(
  name: string,
  { parameters: { label, n_candidates: count } }: NniNode,
): string {
  const among = Number.isSafeInteger(count) ? `${count} inputs` : 'inputs';
  const choice = quote(typeof label === 'string' ? label : name);
  return `the choice ${choice} between ${among} is open: the first is taken; ${ADVICE}`;
}
