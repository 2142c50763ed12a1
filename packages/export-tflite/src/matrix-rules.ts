import { identity, matrixForm } from '@nnmeter/export';
import { inferOutputShapes, type Node } from '@nnmeter/ir';
import { notExported, type Rule, type Rules } from './rule.ts';
import { OMITTED, type Place, type TfLiteGraph } from './tflite-graph.ts';

/** Weights are [out, in]; the features of an image that was flattened where it lies are in the image's order. */
const fullyConnected: Rule<'fc'> = (target, node) => {
  const { transposeA, transposeB } = node.attributes;
  const [data, weight, bias] = node.inputs;
  const rank = target.shape(data).length;
  const read = target.read(data, identity(rank));
  const x = transposeA ? lastTwoSwapped(target, node, read) : read;
  const features = target.tensors[x]!.shape.at(-1)!;
  const outFeatures = target.shape(node.outputs[0]).at(-1)!;
  if (weight && !target.isConstant(weight)) throw notExported(node, 'its weight is no constant');
  const shape = [outFeatures, features];
  const form = matrixForm({
    inFeatures: features,
    outFeatures,
    isOutFirst: transposeB,
    wantsOutFirst: true,
    image: target.orders.flattened(data!),
  });
  const matrix = weight
    ? target.constant(weight, { ...form, shape })
    : target.weight(`${node.name}/weight`, { fanIn: features }, { ...form, shape });
  const addend =
    bias && target.isConstant(bias)
      ? target.constant(bias, { shape: [outFeatures] })
      : bias
        ? target.read(bias)
        : OMITTED;
  target.emitActivated(node, 'FULLY_CONNECTED', [x, matrix, addend], {
    options: { keepsAxes: rank > 2 },
    order: identity(target.shape(node.outputs[0]).length),
  });
};

function lastTwoSwapped(target: TfLiteGraph, node: Node, place: Place): Place {
  const rank = target.tensors[place]!.shape.length;
  return target.transposed(node.name, place, [...identity(rank).slice(0, -2), rank - 1, rank - 2]);
}

const matmul: Rule<'matmul'> = (target, node) => {
  const [a, b, bias] = node.inputs;
  const operands = [a, b].map((name) => ({ shape: target.shape(name) }));
  const [settled] = inferOutputShapes(node, operands) ?? [];
  if (settled?.shape.join() !== target.shape(node.outputs[0]).join()) {
    throw notExported(node, 'it reads its operands in another order of axes than BATCH_MATMUL');
  }
  if (operands.some(({ shape }) => shape.length < 2)) {
    throw notExported(node, 'TFLite multiplies matrices, not vectors');
  }
  const inputs = [a, b].map((name) => target.read(name, identity(target.shape(name).length)));
  const { transposeA, transposeB } = node.attributes;
  const options = { transposeA, transposeB };
  if (!bias) {
    target.emit(node, 'BATCH_MATMUL', inputs, { options });
    return;
  }
  const { shape } = settled;
  const product = target.extra('BATCH_MATMUL', node.name, inputs, { shape, options });
  target.emit(node, 'ADD', [product, target.read(bias)]);
};

/** What BATCH_MATMUL can say: indices of both and the result, then one of each operand, and one that is summed. */
const einsum: Rule<'einsum'> = (target, node) => {
  const { equation } = node.attributes;
  const [, a = '', b = '', result = ''] =
    /^(\w+),(\w+)->(\w+)$/.exec(equation.replace(/\s/g, '')) ?? [];
  const batch = result.slice(0, -2);
  const [row = '', column = ''] = result.slice(-2);
  const summed = [...a].find((letter) => b.includes(letter) && !result.includes(letter));
  const transposeA = a === `${batch}${summed}${row}`;
  const transposeB = b === `${batch}${column}${summed}`;
  const fits =
    summed !== undefined &&
    (transposeA || a === `${batch}${row}${summed}`) &&
    (transposeB || b === `${batch}${summed}${column}`);
  if (!fits) throw notExported(node, `TFLite has no ${equation}`);
  const inputs = node.inputs.map((name) => target.read(name, identity(target.shape(name).length)));
  target.emit(node, 'BATCH_MATMUL', inputs, { options: { transposeA, transposeB } });
};

export const matrixRules: Rules = { fc: fullyConnected, matmul, einsum };
