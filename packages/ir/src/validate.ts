import { NnMeterError, quote } from './errors.ts';
import type { Graph } from './graph.ts';
import { inferNodeShapes } from './infer-node-shapes.ts';
import type { Node } from './node.ts';
import type { Shape, ShapedTensor } from './tensor.ts';

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
    issues.push(...checkShapes(graph, node));
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

function checkShapes(graph: Graph, node: Node): GraphIssue[] {
  const inputs = node.inputs.filter((input) => input !== '').map((input) => graph.tensor(input));
  if (!inputs.every((input): input is ShapedTensor => input.shape !== undefined)) return [];
  try {
    const first = graph.findTensor(node.outputs[0] ?? '')?.shape;
    const inferred = inferNodeShapes(node, inputs, first) ?? [];
    return node.outputs.flatMap((output, slot): GraphIssue[] => {
      const stated = output === '' ? undefined : graph.tensor(output).shape;
      const shape = inferred[slot]?.shape;
      if (stated === undefined || shape === undefined || stated.join() === shape.join()) return [];
      return [
        { kind: 'shape-mismatch', tensor: output, producer: node.name, stated, inferred: shape },
      ];
    });
  } catch (error) {
    if (!(error instanceof NnMeterError)) throw error;
    return [{ kind: 'impossible-shapes', node: node.name, reason: error.message }];
  }
}
