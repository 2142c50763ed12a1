import { NnMeterError, quote } from './errors.ts';
import type { Graph } from './graph.ts';
import { inferNodeShapes } from './infer-node-shapes.ts';
import type { Node } from './node.ts';
import { agrees, type Shape, type ShapedTensor, type Tensor } from './tensor.ts';

/** Something about a graph that will make costs or predictions wrong or impossible. */
export type GraphIssue =
  | {
      readonly kind: 'missing-shape';
      readonly tensor: string;
      /** The node that computes it; absent for inputs and constants. */
      readonly producer?: string;
    }
  | {
      readonly kind: 'shape-mismatch';
      readonly tensor: string;
      readonly producer: string;
      readonly stated: Shape;
      readonly inferred: Shape;
    }
  | { readonly kind: 'impossible-shapes'; readonly node: string; readonly reason: string }
  | { readonly kind: 'unused-input'; readonly tensor: string }
  | { readonly kind: 'unused-result'; readonly node: string }
  | { readonly kind: 'custom-op'; readonly node: string; readonly sourceOp: string };

/**
 * All issues of a graph, in execution order; {@link createGraph} has already refused what is no graph at all.
 * With `requireShapes`, tensors without a shape are issues too.
 */
export function validateGraph(
  graph: Graph,
  options: { readonly requireShapes?: boolean } = {},
): GraphIssue[] {
  const issues: GraphIssue[] = [];
  for (const input of graph.inputs) {
    if (graph.consumers(input).length === 0) issues.push({ kind: 'unused-input', tensor: input });
  }
  if (options.requireShapes) {
    for (const tensor of graph.tensors.values()) {
      if (tensor.shape !== undefined) continue;
      const producer = graph.producer(tensor.name)?.name;
      issues.push({
        kind: 'missing-shape',
        tensor: tensor.name,
        ...(producer !== undefined && { producer }),
      });
    }
  }
  const results = new Set(graph.outputs);
  for (const node of graph.nodes) {
    if (node.op === 'custom') {
      issues.push({ kind: 'custom-op', node: node.name, sourceOp: node.sourceOp });
    }
    const used = (output: string) => results.has(output) || graph.consumers(output).length > 0;
    if (!node.outputs.some(used)) issues.push({ kind: 'unused-result', node: node.name });
    issues.push(...checkShapes(node, (name) => graph.tensor(name)));
  }
  return issues;
}

/** An issue in words. */
export function describeIssue(issue: GraphIssue): string {
  switch (issue.kind) {
    case 'missing-shape': {
      const source =
        issue.producer === undefined ? '' : `, computed by node ${quote(issue.producer)},`;
      return `tensor ${quote(issue.tensor)}${source} has no shape`;
    }
    case 'shape-mismatch':
      return `tensor ${quote(issue.tensor)} is stated to be [${issue.stated.join(', ')}], but node ${quote(issue.producer)} gives [${issue.inferred.join(', ')}]`;
    case 'impossible-shapes':
      return `node ${quote(issue.node)}: ${issue.reason}`;
    case 'unused-input':
      return `nothing reads the input ${quote(issue.tensor)}`;
    case 'unused-result':
      return `nothing reads the results of node ${quote(issue.node)}, and they are no results of the graph`;
    case 'custom-op':
      return `node ${quote(issue.node)} is of the op ${quote(issue.sourceOp)}, which is not known`;
  }
}

const NONE: readonly GraphIssue[] = [];

/**
 * Whether the shapes of a node's results are those that its op gives. Unknown if all that it reads is constant: such a
 * node would have been folded away if nothing were missing.
 */
export function checkShapes(node: Node, tensorOf: (name: string) => Tensor): readonly GraphIssue[] {
  const inputs: ShapedTensor[] = [];
  let isConstant = true;
  for (const input of node.inputs) {
    if (input === '') continue;
    const tensor = tensorOf(input);
    if (tensor.shape === undefined) return NONE;
    isConstant &&= tensor.kind === 'constant';
    inputs.push(tensor as ShapedTensor);
  }
  if (isConstant) return NONE;
  let inferred: ReturnType<typeof inferNodeShapes>;
  try {
    const [first] = node.outputs;
    inferred = inferNodeShapes(node, inputs, first ? tensorOf(first).shape : undefined);
  } catch (error) {
    if (!(error instanceof NnMeterError)) throw error;
    return [{ kind: 'impossible-shapes', node: node.name, reason: error.message }];
  }
  if (inferred === undefined) return NONE;
  const issues: GraphIssue[] = [];
  for (let slot = 0; slot < node.outputs.length; slot++) {
    const tensor = node.outputs[slot]!;
    const stated = tensor === '' ? undefined : tensorOf(tensor).shape;
    const shape = inferred[slot]?.shape;
    if (stated === undefined || shape === undefined || agrees(stated, shape)) continue;
    issues.push({
      kind: 'shape-mismatch',
      ...{ tensor, producer: node.name, stated, inferred: shape },
    });
  }
  return issues;
}
