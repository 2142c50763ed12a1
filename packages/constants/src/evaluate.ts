import {
  type DataType,
  elementCount,
  type OpAttributes,
  type Operation,
  type Shape,
} from '@nnmeter/ir';
import { broadcast, type ConstantArray, type Elements, isShort } from './array.ts';
import {
  applyBinary,
  applyUnary,
  type BinaryFunction,
  binaryFunctions,
  type ElementwiseAttributes,
  type UnaryFunction,
  unaryFunctions,
} from './elementwise.ts';
import {
  compress,
  eye,
  gather,
  oneHot,
  type ScatterReduction,
  scatter,
  triangle,
} from './indexing.ts';
import {
  concat,
  type DepthOrder,
  depthToSpace,
  pad,
  reverseSequence,
  slice,
  spaceToDepth,
  split,
  tile,
  transpose,
  where,
} from './movement.ts';
import { matMul } from './products.ts';
import {
  argument,
  cumulate,
  normalize,
  type ReductionFunction,
  reduce,
  reductionFunctions,
  softmax,
  topK,
} from './reduction.ts';
import { asType, hasUnknowns } from './types.ts';

/** The results whose elements are wanted, as inference found them. */
export interface ResultForm {
  readonly shapes: readonly Shape[];
  /** Of the first. */
  readonly dataType: DataType;
}

type Compute<A> = (
  operands: readonly ConstantArray[],
  attributes: A,
  form: ResultForm,
) => readonly Elements[];

/** A function and the fewest operands that it takes. */
type Row<A> = readonly [least: number, compute: Compute<A>];

type Rows<A> = { readonly [F in keyof A]: Row<A[F]> };

type Axes = { readonly axes: readonly number[] };
type Axis = { readonly axis: number };
type Last = { readonly isLast?: boolean | undefined };

/** Attributes of functions that are neither elementwise nor reductions: those of the canonical op, and what it leaves out. */
interface OtherAttributes {
  mean: object;
  where: object;
  cast: OpAttributes['cast'];
  reshape: object;
  expand: object;
  transpose: OpAttributes['transpose'];
  slice: OpAttributes['slice'];
  split: OpAttributes['split'];
  concat: OpAttributes['concat'];
  tile: object;
  pad: OpAttributes['pad'] & { readonly fill?: number };
  gather: OpAttributes['gather'];
  scatterelements: Axis & { readonly reduction: ScatterReduction };
  scatternd: { readonly reduction: ScatterReduction };
  onehot: OpAttributes['onehot'];
  triangle: { readonly isUpper: boolean; readonly diagonal: number };
  eye: { readonly diagonal: number };
  compress: { readonly axis: number | undefined };
  blockstodepth: OpAttributes['spacetodepth'] & { readonly by: DepthOrder };
  depthtoblocks: OpAttributes['depthtospace'] & { readonly by: DepthOrder };
  reversesequences: { readonly batch: number; readonly time: number };
  argmax: Axes & Last;
  argmin: Axes & Last;
  cumulate: Axis & {
    readonly isExclusive: boolean;
    readonly isReversed: boolean;
    readonly isProduct?: boolean;
  };
  sort: OpAttributes['topk'] & { readonly isSmallest: boolean };
  softmax: Axis;
  logsoftmax: Axis;
  hardmax: Axis;
  normalize: Axis & { readonly order: number };
  matmul: OpAttributes['matmul'];
}

type FunctionAttributes = Readonly<
  Record<UnaryFunction, ElementwiseAttributes> &
    Record<BinaryFunction, object> &
    Record<ReductionFunction, Axes> &
    OtherAttributes
>;

/** What can be computed: canonical ops of exactly that meaning, and more exact functions where one op stands for several. */
export type ConstantFunction = keyof FunctionAttributes;

/** A function with its attributes. */
export type ConstantCall = {
  [F in ConstantFunction]: { readonly function: F; readonly attributes: FunctionAttributes[F] };
}[ConstantFunction];

function rowsOf<N extends string, A>(
  names: readonly N[],
  least: number,
  compute: (name: N) => Compute<A>,
): Rows<Record<N, A>> {
  const rows = names.map((name) => [name, [least, compute(name)]]);
  return Object.fromEntries(rows) as Rows<Record<N, A>>;
}

const others: Rows<OtherAttributes> = {
  mean: [
    1,
    (operands, _, { shapes, dataType }) => {
      const sums = applyBinary('add', operands, shapes[0]!);
      const means = sums.map((total) => total / operands.length);
      return [asType(means, dataType)];
    },
  ],
  where: [3, (operands, _, { shapes }) => [where(operands, shapes[0]!)]],
  cast: [1, ([data], { to }) => [asType(data!.values, to as DataType)]],
  reshape: [1, ([data]) => [data!.values]],
  expand: [1, ([data], _, { shapes }) => [broadcast(data!, shapes[0]!)]],
  transpose: [1, ([data], attributes) => [transpose(data!, attributes)]],
  slice: [1, ([data], attributes) => [slice(data!, attributes)]],
  split: [1, ([data], attributes) => split(data!, attributes)],
  concat: [1, (operands, attributes, { shapes }) => [concat(operands, attributes, shapes[0]!)]],
  tile: [1, ([data], _, { shapes }) => [tile(data!, shapes[0]!)]],
  pad: [
    1,
    ([data], attributes, { shapes }) => [pad(data!, attributes, shapes[0]!, attributes.fill)],
  ],
  gather: [2, ([data, indices], attributes) => [gather(data!, indices!, attributes)]],
  scatterelements: [
    3,
    ([data, indices, updates], attributes) => [scatter(data!, indices!, updates!, attributes)],
  ],
  scatternd: [
    3,
    ([data, indices, updates], attributes) => [scatter(data!, indices!, updates!, attributes)],
  ],
  /** Operands: indices, and the values for off and on. */
  onehot: [
    2,
    ([indices, values], attributes, { shapes }) => [
      oneHot(indices!, attributes, values!.values as [number, number], shapes[0]!),
    ],
  ],
  triangle: [1, ([data], attributes) => [triangle(data!, attributes)]],
  eye: [0, (_, { diagonal }, { shapes }) => [eye(shapes[0]!, diagonal)]],
  compress: [2, ([data, selection], { axis }) => [compress(data!, selection!, axis)]],
  blockstodepth: [1, ([data], { blockSize, by }) => [spaceToDepth(data!, blockSize, by)]],
  depthtoblocks: [1, ([data], { blockSize, by }) => [depthToSpace(data!, blockSize, by)]],
  reversesequences: [2, ([data, lengths], axes) => [reverseSequence(data!, lengths!, axes)]],
  argmax: [
    1,
    ([data], { axes, isLast = false }) => [
      argument(data!, axes[0]!, { isSmallest: false, isLast }),
    ],
  ],
  argmin: [
    1,
    ([data], { axes, isLast = false }) => [argument(data!, axes[0]!, { isSmallest: true, isLast })],
  ],
  cumulate: [
    1,
    ([data], { axis, ...how }, { dataType }) => [asType(cumulate(data!, axis, how), dataType)],
  ],
  sort: [1, ([data], { isSmallest, ...attributes }) => topK(data!, attributes, isSmallest)],
  softmax: [
    1,
    ([data], { axis }, { dataType }) => [asType(softmax(data!, axis, 'softmax'), dataType)],
  ],
  logsoftmax: [
    1,
    ([data], { axis }, { dataType }) => [asType(softmax(data!, axis, 'logsoftmax'), dataType)],
  ],
  hardmax: [1, ([data], { axis }) => [softmax(data!, axis, 'hardmax')]],
  normalize: [
    1,
    ([data], { axis, order }, { dataType }) => [asType(normalize(data!, axis, order), dataType)],
  ],
  matmul: [2, ([a, b], attributes, { dataType }) => [asType(matMul(a!, b!, attributes), dataType)]],
};

const ROWS: ReadonlyMap<string, Row<never>> = new Map<string, Row<never>>(
  Object.entries({
    ...rowsOf<UnaryFunction, ElementwiseAttributes>(
      unaryFunctions,
      1,
      (name) =>
        ([data], attributes, { dataType }) => [
          asType(applyUnary(name, data!, attributes), dataType),
        ],
    ),
    ...rowsOf<BinaryFunction, object>(
      binaryFunctions,
      1,
      (name) =>
        (operands, _, { shapes, dataType }) => [
          asType(applyBinary(name, operands, shapes[0]!), dataType),
        ],
    ),
    ...rowsOf<ReductionFunction, Axes>(
      reductionFunctions,
      1,
      (name) =>
        ([data], { axes }, { dataType }) => [asType(reduce(name, data!, axes), dataType)],
    ),
    ...others,
  }),
);

/** Functions whose every result depends on every element. */
const OF_ALL: ReadonlySet<ConstantFunction> = new Set<ConstantFunction>([
  ...(['argmax', 'argmin', 'sort', 'softmax', 'logsoftmax', 'hardmax', 'normalize'] as const),
  ...(['onehot', 'compress', 'scatterelements', 'scatternd', 'reversesequences'] as const),
]);

/** The function of an op that means exactly what its name says; undefined if nothing computes it. */
export function functionOfOp({ op, attributes }: Operation): ConstantCall | undefined {
  return ROWS.has(op) ? ({ function: op, attributes } as ConstantCall) : undefined;
}

/** Elements kept for all constants of a model together: so many take 128 MB. */
const MOST_OF_A_MODEL = 16_000_000;

/** Computes the constants of one model; later ones are given up once it has used its share of memory. */
export class Evaluator {
  #count = 0;

  /**
   * The elements of the results of a function of constants, as NumPy computes them; one entry a result. Undefined where an
   * operand or result is too long to be worth it ({@link mostElements}), or where operands and attributes do not fit.
   * Elements that depend on ones that are not known are NaN.
   */
  evaluate(
    call: ConstantCall,
    operands: readonly ConstantArray[],
    form: ResultForm,
  ): readonly Elements[] | undefined {
    const [least, compute] = ROWS.get(call.function)!;
    if (this.#count > MOST_OF_A_MODEL) return undefined;
    if (operands.length < least || !form.shapes.every(isShort)) return undefined;
    if (!operands.every(({ shape }) => isShort(shape))) return undefined;
    if (OF_ALL.has(call.function) && operands.some(isPartial)) return undefined;
    const results = compute(operands, call.attributes as never, form);
    if (!form.shapes.every((shape, slot) => isComplete(results[slot], shape))) return undefined;
    for (const elements of results) this.#count += elements.length;
    return results;
  }
}

/** Whether some elements are not known. */
function isPartial({ dataType, values }: ConstantArray): boolean {
  return hasUnknowns(dataType) && values.some(Number.isNaN);
}

function isComplete(elements: Elements | undefined, shape: Shape): boolean {
  return elements?.length === elementCount(shape) && !elements.includes(undefined as never);
}
