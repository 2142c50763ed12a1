import {
  type ConstantArray,
  type ConstantCall,
  type Evaluator,
  functionOfOp,
} from '@nnmeter/constants';
import type { DataType, Operation, Shape, Tensor } from '@nnmeter/ir';
import type { SettledNode } from '../settle-shapes.ts';
import type { OpContext } from './rule.ts';

/** What a TensorFlow op computes; undefined where that is not the function of its name. */
type Reader = (context: OpContext, node: SettledNode) => ConstantCall | undefined;

const asItsOp: Reader = (_, { op, attributes }) => functionOfOp({ op, attributes } as Operation);

type WithoutAttributes = Extract<ConstantCall, { attributes: object }>['function'];

function as(name: WithoutAttributes): Reader {
  return () => ({ function: name, attributes: {} }) as ConstantCall;
}

/** A condition of one axis chooses among rows, unless the operands have no more. */
const select: Reader = (context, node) => {
  const { length: rank } = context.shape(0);
  return rank === 0 || rank === context.shape(1).length ? asItsOp(context, node) : undefined;
};

const cumulation =
  (isProduct: boolean): Reader =>
  (context, { attributes }) => ({
    function: 'cumulate',
    attributes: {
      axis: (attributes as { axis: number }).axis,
      isExclusive: context.flag('exclusive'),
      isReversed: context.flag('reverse'),
      isProduct,
    },
  });

/** Ops that compute what the canonical op says that they become. */
const AS_THEIR_OP =
  'Add AddV2 AddN Sub Mul RealDiv Div Maximum Minimum Pow Equal Greater Less LogicalAnd LogicalOr BitwiseAnd BitwiseOr BitwiseXor ' +
  'Neg Abs Floor Ceil Round Rint Sqrt Rsqrt Square Reciprocal Inv Sign Exp Log LogicalNot IsNan IsFinite ' +
  'Relu Relu6 ClipByValue Sigmoid Tanh Softplus ' +
  'Prod Sum Max Min All Any Mean ArgMax ArgMin ' +
  'Cast Reshape Squeeze ExpandDims Transpose Tile BroadcastTo Pad MirrorPad SelectV2 Gather GatherV2 GatherNd ' +
  'StridedSlice Slice ConcatV2 Concat Pack Split SplitV Unpack';

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ...AS_THEIR_OP.split(' ').map((op) => [op, asItsOp] as const),
  ['NotEqual', as('notequal')],
  ['GreaterEqual', as('greaterorequal')],
  ['LessEqual', as('lessorequal')],
  ['FloorDiv', as('floordiv')],
  ['TruncateDiv', as('truncdiv')],
  ['FloorMod', as('mod')],
  ['Mod', as('fmod')],
  ['TruncateMod', as('fmod')],
  ['SquaredDifference', as('squareddifference')],
  ['Invert', as('bitwisenot')],
  ['Expm1', as('expm1')],
  ['Log1p', as('log1p')],
  ['Select', select],
  ['Cumsum', cumulation(false)],
  ['Cumprod', cumulation(true)],
]);

/**
 * Computes an op on small constants, as shape computations need: one entry a result, empty if it is not known what the op
 * computes. `shapes` and `dataType` are those of the results, `node` is what the op becomes.
 */
export function foldValues(
  evaluator: Evaluator,
  context: OpContext,
  shapes: readonly Shape[],
  dataType: DataType,
  node: SettledNode,
): readonly (readonly number[])[] {
  const { inputs } = context;
  const reader = READERS.get(context.op);
  if (reader === undefined || !inputs.every(isKnown)) return [];
  const call = reader(context, node);
  const operands = node.operands?.map((index) => inputs[index]!) ?? inputs;
  return (
    (call &&
      evaluator.evaluate(call, operands as readonly ConstantArray[], { shapes, dataType })) ??
    []
  );
}

function isKnown({ values, shape }: Tensor): boolean {
  return values !== undefined && shape !== undefined;
}
