import { NnMeterError } from './errors.ts';
import { GraphWriter, type NodeOptions } from './graph-writer.ts';
import { channelAxis, spatialAxes } from './ops/image.ts';
import type { Op, OpAttributes, UnaryOp } from './ops.ts';
import { normalizeAxis, reshapeShape } from './shape-rules.ts';
import { elementCount, type Layout, type ShapedTensor } from './tensor.ts';

type Options = NodeOptions;
/** The ops of {@link GraphBuilder} that work on any tensor. */
export class TensorOpsBuilder extends GraphWriter {
  /** Batched product of two computed tensors. */
  matmul(
    a: ShapedTensor,
    b: ShapedTensor,
    options: Options & Partial<OpAttributes['matmul']> = {},
  ): ShapedTensor {
    const { transposeA = false, transposeB = false, ...rest } = options;
    return this.one('matmul', { transposeA, transposeB }, [a, b], rest);
  }

  /** Layer normalization over the last axis, with scale and shift. */
  layernorm(x: ShapedTensor, options: Options = {}): ShapedTensor {
    const name = options.name ?? this.uniqueName('layernorm');
    const features = [x.shape.at(-1) ?? 1];
    const operands = ['scale', 'bias'].map((role) => this.constant(`${name}.${role}`, features));
    return this.one('layernorm', { axis: x.shape.length - 1 }, [x, ...operands], options, name);
  }

  /** An activation or another op of one operand: `unary('hswish', x)`. */
  unary(op: UnaryOp, x: ShapedTensor, options: Options = {}): ShapedTensor {
    return this.one(op, {}, [x], options);
  }

  relu(x: ShapedTensor, options: Options = {}): ShapedTensor {
    return this.unary('relu', x, options);
  }

  relu6(x: ShapedTensor, options: Options = {}): ShapedTensor {
    return this.one('relu', { min: 0, max: 6 }, [x], { sourceOp: 'Clip', ...options });
  }

  softmax(x: ShapedTensor, axis = -1, options: Options = {}): ShapedTensor {
    return this.one('softmax', { axis: normalizeAxis(axis, x.shape.length) }, [x], options);
  }

  add(a: ShapedTensor, b: ShapedTensor | number, options: Options = {}): ShapedTensor {
    return this.#binary('add', a, b, options);
  }

  sub(a: ShapedTensor, b: ShapedTensor | number, options: Options = {}): ShapedTensor {
    return this.#binary('sub', a, b, options);
  }

  mul(a: ShapedTensor, b: ShapedTensor | number, options: Options = {}): ShapedTensor {
    return this.#binary('mul', a, b, options);
  }

  div(a: ShapedTensor, b: ShapedTensor | number, options: Options = {}): ShapedTensor {
    return this.#binary('div', a, b, options);
  }

  /** Mean over any axes; over exactly the spatial ones it is a `gap`. */
  mean(
    x: ShapedTensor,
    axes: readonly number[],
    options: Options & { readonly keepDims?: boolean } = {},
  ): ShapedTensor {
    const sorted = axes.map((axis) => normalizeAxis(axis, x.shape.length)).sort((a, b) => a - b);
    const global = x.layout !== undefined && sorted.join() === spatialAxes(x).join();
    const attributes = { axes: sorted, keepDims: options.keepDims ?? false };
    const op = global ? 'gap' : 'reducemean';
    return this.one(op, attributes, [x], { sourceOp: 'ReduceMean', ...options });
  }

  /** Joins along an axis; default the channels. */
  concat(parts: readonly ShapedTensor[], axis?: number, options: Options = {}): ShapedTensor {
    const [first] = parts;
    if (first === undefined) throw new NnMeterError('E_SHAPE', 'nothing to concatenate');
    return this.one('concat', { axis: axisOrChannels(first, axis) }, parts, options);
  }

  /** Cuts along an axis, default the channels, into parts of the given extents. */
  split(
    x: ShapedTensor,
    sizes: readonly number[],
    axis?: number,
    options: Options = {},
  ): ShapedTensor[] {
    return this.node('split', { axis: axisOrChannels(x, axis), sizes }, [x], options);
  }

  /** x[start:end:step] along one axis, with Python's rules for negative numbers. */
  slice(
    x: ShapedTensor,
    axis: number,
    range: { readonly start?: number; readonly end?: number; readonly step?: number },
    options: Options = {},
  ): ShapedTensor {
    const { start = 0, end = Number.MAX_SAFE_INTEGER, step = 1 } = range;
    const attributes = {
      starts: [start],
      ends: [end],
      axes: [normalizeAxis(axis, x.shape.length)],
      steps: [step],
    };
    return this.one('slice', attributes, [x], options);
  }

  /** To a shape of which one extent may be -1; `layout` makes the result an image. */
  reshape(
    x: ShapedTensor,
    shape: readonly number[],
    options: Options & { readonly layout?: Layout } = {},
  ): ShapedTensor {
    const attributes = { shape: reshapeShape(x.shape, shape, false) };
    return this.one('reshape', attributes, [x], options);
  }

  /** To a matrix [batch, everything else]. */
  flatten(x: ShapedTensor, options: Options = {}): ShapedTensor {
    const shape = [x.shape[0] ?? 1, elementCount(x.shape.slice(1))];
    return this.one('reshape', { shape }, [x], { sourceOp: 'Flatten', ...options });
  }

  transpose(x: ShapedTensor, perm: readonly number[], options: Options = {}): ShapedTensor {
    return this.one('transpose', { perm }, [x], options);
  }

  /** Zeros around a tensor: all begins, then all ends, for every axis. */
  pad(x: ShapedTensor, pads: readonly number[], options: Options = {}): ShapedTensor {
    return this.one('pad', { pads, mode: 'constant' }, [x], options);
  }

  /** Adds a node with one result. */
  protected one<O extends Op>(
    op: O,
    attributes: OpAttributes[O],
    inputs: readonly ShapedTensor[],
    options: Options & { readonly layout?: Layout },
    name?: string,
  ): ShapedTensor {
    return this.node(op, attributes, inputs, options, name)[0]!;
  }

  #binary(
    op: 'add' | 'sub' | 'mul' | 'div',
    a: ShapedTensor,
    b: ShapedTensor | number,
    options: Options,
  ): ShapedTensor {
    const name = options.name ?? this.uniqueName(op);
    const second =
      typeof b === 'number' ? this.constant(`${name}.constant`, [], { values: [b] }) : b;
    return this.one(op, {}, [a, second], options, name);
  }
}

function axisOrChannels(x: ShapedTensor, axis: number | undefined): number {
  return axis === undefined ? channelAxis(x) : normalizeAxis(axis, x.shape.length);
}
