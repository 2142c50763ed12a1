import { createGraph } from './create-graph.ts';
import { locateErrors, NnMeterError, quote } from './errors.ts';
import type { Graph } from './graph.ts';
import { inferNodeShapes } from './infer-node-shapes.ts';
import type { Node } from './node.ts';
import { spatialAxes } from './ops/image.ts';
import type { OpAttributes } from './ops.ts';
import type { ReadOptions } from './read-options.ts';
import { withTargetLike } from './reshape-like.ts';
import { samePads } from './shape-rules.ts';
import type { Shape, ShapedTensor, Tensor } from './tensor.ts';

/**
 * The same network for inputs of other extents (batch, resolution), every shape inferred anew. Weights stay. Windows of
 * the nodes in `samePadded` are padded anew, pools over the whole image keep covering it, reshapes join and split the same
 * axes, expansions keep the extents they share with their operand, slices end where the axis does, and resizing keeps its
 * scale.
 * @throws NnMeterError E_INVALID_INPUT if there is no such input, E_SHAPE naming the node that does not fit.
 */
export function withInputShapes(
  graph: Graph,
  inputShapes: NonNullable<ReadOptions['inputShapes']>,
  samePadded: ReadonlySet<string> = new Set(),
): Graph {
  const tensors = new Map(graph.tensors);
  for (const [name, shape] of settleInputShapes(graph.inputs, inputShapes)) {
    tensors.set(name, { ...graph.tensor(name), shape });
  }
  const nodes = graph.nodes.map((node): Node => {
    const names = node.inputs.filter((input) => input !== '');
    const before = names.map((input) => graph.tensor(input));
    const after = names.map((input) => tensors.get(input)!);
    if (after.every((tensor, i) => sameShape(tensor.shape, before[i]?.shape))) return node;
    if (!hasShapes(after)) {
      for (const output of node.outputs) {
        if (output === '') continue;
        const { shape: _, ...shapeless } = graph.tensor(output);
        tensors.set(output, shapeless);
      }
      return node;
    }
    const adapted = adaptAttributes(node, graph, after[0], samePadded);
    const results = locateErrors(
      () => ({ part: 'with other input shapes', node: node.name, op: node.sourceOp }),
      () => {
        const first = graph.findTensor(node.outputs[0] ?? '')?.shape;
        const inferred = inferNodeShapes(adapted, after, first);
        if (inferred !== undefined) return inferred;
        throw new NnMeterError('E_SHAPE', 'its shapes cannot be inferred');
      },
    );
    node.outputs.forEach((output, slot) => {
      const shape = results[slot]?.shape;
      if (output !== '' && shape) tensors.set(output, { ...graph.tensor(output), shape });
    });
    return adapted;
  });
  return createGraph({ ...graph, nodes, tensors: tensors.values() });
}

/**
 * The shape of each named input, of shapes by name or of one for the only input.
 * @throws NnMeterError E_INVALID_INPUT if there is no such input, or the shape is not positive integers
 */
export function settleInputShapes(
  inputs: readonly string[],
  inputShapes: NonNullable<ReadOptions['inputShapes']>,
): Map<string, Shape> {
  if (isShape(inputShapes) && inputs.length !== 1) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `one input shape for ${inputs.length} inputs; give shapes by name (inputs: ${listed(inputs)})`,
    );
  }
  const shapes = isShape(inputShapes)
    ? new Map([[inputs[0]!, inputShapes]])
    : new Map(Object.entries(inputShapes));
  const known = new Set(inputs);
  for (const [name, shape] of shapes) {
    if (!known.has(name)) {
      throw new NnMeterError(
        'E_INVALID_INPUT',
        `there is no input ${quote(name)} (inputs: ${listed(inputs)})`,
      );
    }
    if (!shape.every((extent) => Number.isSafeInteger(extent) && extent > 0)) {
      throw new NnMeterError(
        'E_INVALID_INPUT',
        `the shape [${shape.join(', ')}] for input ${quote(name)} must be positive integers`,
      );
    }
  }
  return shapes;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 10).map(quote).join(', ');
  return names.length > 10 ? `${shown}, ...` : shown;
}

function isShape(shapes: NonNullable<ReadOptions['inputShapes']>): shapes is Shape {
  return Array.isArray(shapes);
}

function hasShapes(tensors: readonly Tensor[]): tensors is readonly ShapedTensor[] {
  return tensors.every((tensor) => tensor.shape !== undefined);
}

function sameShape(a: Shape | undefined, b: Shape | undefined): boolean {
  return a?.length === b?.length && (a ?? []).every((extent, axis) => extent === b?.[axis]);
}

function adaptAttributes(
  node: Node,
  graph: Graph,
  data: ShapedTensor | undefined,
  samePadded: ReadonlySet<string>,
): Node {
  const before = graph.tensor(node.inputs[0] ?? '').shape;
  if (data === undefined || before === undefined) return node;
  const axes = spatialAxes(data);
  switch (node.op) {
    case 'reshape':
    case 'expand':
      return withTargetLike(node, before, data.shape);
    case 'slice': {
      const { axes, ends } = node.attributes;
      const followed = ends.map((end, index) => {
        const axis = axes[index]!;
        return end === before[axis] ? data.shape[axis]! : end;
      });
      return { ...node, attributes: { ...node.attributes, ends: followed } };
    }
    case 'resize': {
      const { mode, sizes } = node.attributes;
      if (sizes?.length !== before.length) return node;
      const scaled = sizes.map((size, axis) =>
        Math.round((data.shape[axis]! * size) / before[axis]!),
      );
      return { ...node, attributes: { mode, sizes: scaled } };
    }
    case 'avgpool': {
      const attributes = adaptPads(node, data, samePadded);
      const global = attributes.kernelShape.every((extent, i) => extent === before[axes[i]!]);
      if (!global) return { ...node, attributes };
      const kernelShape = axes.map((axis) => data.shape[axis]!);
      return { ...node, attributes: { ...attributes, kernelShape } };
    }
    case 'maxpool':
      return { ...node, attributes: adaptPads(node, data, samePadded) };
    case 'conv':
    case 'dwconv':
      return { ...node, attributes: adaptPads(node, data, samePadded) };
    default:
      return node;
  }
}

function adaptPads<A extends Omit<OpAttributes['maxpool'], 'ceilMode'>>(
  node: { readonly name: string; readonly attributes: A },
  data: ShapedTensor,
  samePadded: ReadonlySet<string>,
): A {
  const { attributes } = node;
  if (!samePadded.has(node.name)) return attributes;
  const pads = spatialAxes(data).map((axis, i) =>
    samePads(data.shape[axis]!, {
      kernel: attributes.kernelShape[i]!,
      stride: attributes.strides[i]!,
      dilation: attributes.dilations[i]!,
    }),
  );
  return { ...attributes, pads: [...pads.map(([begin]) => begin), ...pads.map(([, end]) => end)] };
}
