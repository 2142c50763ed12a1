import { createGraph } from './create-graph.ts';
import { quote } from './errors.ts';
import type { Graph } from './graph.ts';
import { agrees, type Shape, type StatedShape, type Tensor } from './tensor.ts';
import { checkShapes, describeIssue, type GraphIssue } from './validate.ts';

/** What a file states of a tensor's shape. */
export interface Statement {
  readonly tensor: string;
  readonly stated: StatedShape;
}

/**
 * The same network with the shapes that its ops give, where the shapes that its source states for results are others;
 * stated shapes stay where nothing else is known. The graph's warnings say so.
 * @param statements what else the source says, such as the shapes that nodes expect of what they read
 */
export function settleStatedShapes(graph: Graph, statements: readonly Statement[] = []): Graph {
  const settled = new Map<string, Tensor>();
  const tensorOf = (name: string): Tensor => settled.get(name) ?? graph.tensor(name);
  const issues: GraphIssue[] = [];
  for (const node of graph.nodes) {
    for (const issue of checkShapes(node, tensorOf)) {
      issues.push(issue);
      if (issue.kind !== 'shape-mismatch') continue;
      const { layout, ...tensor } = graph.tensor(issue.tensor);
      const { inferred: shape, stated } = issue;
      const keepsAxes = layout !== undefined && shape.length === stated.length;
      settled.set(issue.tensor, { ...tensor, shape, ...(keepsAxes && { layout }) });
    }
  }
  // What repeats a statement of the producer is told already.
  const isNew = ({ tensor, stated }: Statement): boolean =>
    !settled.has(tensor) || !agrees(stated, graph.tensor(tensor).shape!);
  const contradictions = warnOfStatedShapes(
    statements.filter(isNew),
    (tensor) => tensorOf(tensor).shape,
  );
  if (issues.length === 0 && contradictions.length === 0) return graph;
  const isMismatch = ({ kind }: GraphIssue): boolean => kind === 'shape-mismatch';
  return createGraph({
    ...graph,
    tensors: Array.from(graph.tensors.values(), ({ name }) => tensorOf(name)),
    warnings: [
      ...graph.warnings,
      ...summary(issues.filter(isMismatch).map(describeIssue), 'which is used'),
      ...summary(
        issues.filter((issue) => !isMismatch(issue)).map(describeIssue),
        'the shapes that the file states are used',
      ),
      ...contradictions,
    ],
  });
}

/**
 * A warning if a file states shapes of tensors that are not those they have; else none.
 * @param shapeOf the shape that is used; undefined where it is not known
 */
export function warnOfStatedShapes(
  statements: Iterable<Statement>,
  shapeOf: (tensor: string) => Shape | undefined,
): readonly string[] {
  const wrong: string[] = [];
  for (const { tensor, stated } of statements) {
    const known = shapeOf(tensor);
    if (known === undefined || agrees(stated, known)) continue;
    const shown = stated.map((extent) => (extent === undefined || extent === -1 ? '?' : extent));
    wrong.push(
      `tensor ${quote(tensor)} is stated to be [${shown.join(', ')}], but is [${known.join(', ')}]`,
    );
  }
  return summary(wrong, 'which is used');
}

function summary([first, ...others]: readonly string[], outcome: string): readonly string[] {
  if (first === undefined) return [];
  const more = others.length === 0 ? '' : ` (and ${others.length} more like it)`;
  return [`${first}, ${outcome}${more}`];
}
