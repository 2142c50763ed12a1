import { notExported, type Rule, type Rules } from './rule.ts';

/** Boxes of each class that may be selected follow from the result; thresholds are ONNX's defaults. */
const nonMaxSuppression: Rule<'nonmaxsuppression'> = (target, node) => {
  const [boxes, scores] = node.inputs;
  const [batch, count, corners] = target.shape(boxes!);
  const [scoredBatch, classes, scored] = scores ? target.shape(scores) : [];
  const [selected, columns] = target.shape(node.outputs[0]!);
  const perClass = selected! / (batch! * classes!);
  const fits =
    corners === 4 &&
    scoredBatch === batch &&
    scored === count &&
    columns === 3 &&
    perClass <= count!;
  if (!fits || !Number.isInteger(perClass)) {
    throw notExported(
      node,
      'ONNX reads boxes [batch, boxes, 4] and scores [batch, classes, boxes], and writes [selected, 3]',
    );
  }
  const most = target.newConstant(`${node.name}/most`, [], 'int64', [perClass]);
  target.emit(node, 'NonMaxSuppression', [target.read(boxes!), target.read(scores!), most]);
};

export const detectionRules: Rules = { nonmaxsuppression: nonMaxSuppression };
