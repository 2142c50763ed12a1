import {
  Assumptions,
  createGraph,
  findLayouts,
  type Graph,
  type Layout,
  NnMeterError,
  type Node,
  type ReadOptions,
  type Shape,
  settleInputShapes,
  type Tensor,
  UniqueNames,
  withInputShapes,
} from '@nnmeter/ir';
import { type Program, parseProgram } from './program.ts';
import { lookUp, Reader } from './reader.ts';
import { type Fed, Sizes } from './sizes.ts';
import type { Step } from './step.ts';
import type { Value } from './value.ts';

/**
 * The graph of a program, given as the JSON text in a torch.export archive.
 * @throws NnMeterError E_INVALID_INPUT for what is no program, or for shapes that do not fit its inputs; E_INVALID_GRAPH
 * for one that cannot run; E_LIMIT for graphs inside graphs without end.
 */
export function toGraph(text: string, options: ReadOptions): Graph {
  const program = parseProgram(text);
  const fed = fedInputs(program);
  const names = fed.map(({ name }) => name);
  const given = options.inputShapes
    ? settleInputShapes(names, options.inputShapes)
    : new Map<string, Shape>();
  const assumptions = new Assumptions(options.assume);
  const sizes = new Sizes(fed, given, assumptions);
  const reader = new Reader(sizes, assumptions);
  const scope = reader.readProgram(program.graph, new Set(names));
  const outputs = program.userOutputs.map((name) => lookUp(name, scope));
  const inputs = names.map((name) => lookUp(name, scope));
  const graph = assemble(neededSteps(reader.steps, outputs), inputs, outputs, {
    name: options.name ?? 'model',
    metadata: metadata(program),
    assumed: assumptions.used,
    warnings: [...sizes.warnings, ...reader.warnings, ...assumptions.warnings],
  });
  const changed = [...given].filter(
    ([name, shape]) => graph.tensor(name).shape?.join() !== shape.join(),
  );
  return changed.length === 0 ? graph : inferredAnew(graph, Object.fromEntries(changed));
}

/** With other sizes than those that the program fixes. Views may fix what follows from them, too. */
function inferredAnew(graph: Graph, inputShapes: Readonly<Record<string, Shape>>): Graph {
  try {
    return withInputShapes(graph, inputShapes);
  } catch (error) {
    if (!(error instanceof NnMeterError) || error.hint !== undefined) throw error;
    throw new NnMeterError(error.code, error.problem, {
      where: error.where,
      hint: 'the program fixes its sizes: export it with an input of these, or with dynamic_shapes',
      cause: error,
    });
  }
}

function fedInputs({ graph, userInputs }: Program): readonly Fed[] {
  return userInputs.flatMap((name) => {
    const tensor = graph.tensor(name);
    return tensor === undefined ? [] : [{ name, tensor }];
  });
}

/** What an output depends on, and what writes into tensors. */
function neededSteps(steps: readonly Step[], outputs: readonly Value[]): readonly Step[] {
  const needed = new Set<Value | undefined>(outputs);
  const kept: Step[] = [];
  for (const step of steps.toReversed()) {
    const isNeeded =
      step.mutates || step.outputs.some((output) => output !== undefined && needed.has(output));
    if (!isNeeded) continue;
    kept.push(step);
    for (const input of step.inputs) needed.add(input);
  }
  return kept.reverse();
}

function assemble(
  steps: readonly Step[],
  inputs: readonly Value[],
  outputs: readonly Value[],
  facts: Pick<Graph, 'name' | 'metadata' | 'assumed' | 'warnings'>,
): Graph {
  const values = new Set<Value>([...inputs, ...outputs]);
  for (const step of steps) {
    for (const value of [...step.inputs, ...step.outputs]) if (value) values.add(value);
  }
  const names = nodeNames(steps);
  const nodes = steps.map((step, index) => toNode(step, names[index]!));
  const tensors = new Map([...values].map((value) => [value.name, toTensor(value)]));
  const inputNames = inputs.map(({ name }) => name);
  const layouts = new Map<string, Layout>();
  const shapeOf = (name: string): Shape | undefined => {
    const tensor = tensors.get(name);
    return tensor?.kind === 'constant' ? undefined : tensor?.shape;
  };
  findLayouts(
    {
      count: nodes.length,
      operation: (node) => nodes[node]!,
      inputs: (node) => nodes[node]!.inputs,
      outputs: (node) => nodes[node]!.outputs,
      shapeOf,
      layoutOf: (name) => layouts.get(name),
      setLayout: (name, layout) => layouts.set(name, layout),
    },
    inputNames,
  );
  return createGraph({
    ...facts,
    nodes,
    tensors: [...tensors.values()].map((tensor) => {
      const layout = layouts.get(tensor.name);
      return layout === undefined ? tensor : { ...tensor, layout };
    }),
    inputs: inputNames,
    outputs: [...new Set(outputs.map(({ name }) => name))],
  });
}

/** The path of the module, where it is the module's only node; else with the op behind it, numbered. */
function nodeNames(steps: readonly Step[]): readonly string[] {
  const count = new Map<string, number>();
  for (const { module } of steps) count.set(module, (count.get(module) ?? 0) + 1);
  const names = new UniqueNames();
  return steps.map(({ module, sourceOp, op }) => {
    const short = op === 'custom' ? sourceOp.slice(sourceOp.lastIndexOf(':') + 1) : op;
    const wanted = module === '' ? short : count.get(module) === 1 ? module : `${module}/${short}`;
    return names.take(wanted);
  });
}

function toNode(step: Step, name: string): Node {
  const { op, attributes, inputs, outputs, sourceOp, isAssumed } = step;
  return {
    name,
    op,
    attributes,
    inputs: inputs.map((value) => value?.name ?? ''),
    outputs: outputs.map((value) => value?.name ?? ''),
    sourceOp,
    ...(isAssumed && { isAssumed }),
  } as Node;
}

function toTensor({ name, kind, dataType, shape, values, weightLayout }: Value): Tensor {
  return {
    name,
    kind,
    dataType,
    ...(shape && { shape }),
    ...(values && { values }),
    ...(weightLayout?.length === shape?.length && weightLayout && { layout: weightLayout }),
  };
}

function metadata({ torchVersion, schemaVersion }: Program): Record<string, string> {
  return {
    format: 'pt2',
    ...(torchVersion !== undefined && { producer: `pytorch ${torchVersion}` }),
    schema: schemaVersion,
  };
}
