import {
  type ConstantArray,
  type ConstantCall,
  type Elements,
  Evaluator,
  functionOfOp,
  isScatterReduction,
  isShort,
} from '@nnmeter/constants';
import { type Operation, onnxOpName, opRow } from '@nnmeter/ir';
import type { Call } from './call.ts';
import { type Entry, Unknown, type Values } from './entry.ts';
import type { Settled } from './outcome.ts';

/** What a node computes, and of which of its inputs where those are not what the node of the graph keeps. */
interface Exact {
  readonly call: ConstantCall;
  readonly inputs?: readonly number[];
}

type Reader = (call: Call, outcome: Settled) => Exact | undefined;

/** A function, and where its attributes are read from. */
function as<C extends ConstantCall['function']>(
  name: C,
  read: (call: Call, outcome: Settled) => Extract<ConstantCall, { function: C }>['attributes'],
  inputs?: readonly number[],
): Reader {
  return (call, outcome) => ({
    call: { function: name, attributes: read(call, outcome) } as ConstantCall,
    ...(inputs && { inputs }),
  });
}

const NONE = () => ({});

/** What its op says, which ONNX calls otherwise. */
const asItsOp: Reader = (_, { op, attributes }) => {
  const call = functionOfOp({ op, attributes } as Operation);
  return call && { call };
};

const axesOf = (_: Call, { attributes }: Settled): { axes: readonly number[] } => ({
  axes: (attributes as { axes: readonly number[] }).axes,
});

const argumentOf = (call: Call) => ({
  axes: [call.axis(call.shape(0).length, 0)],
  isLast: call.int('select_last_index', 0) !== 0,
});

const cumulation = (isProduct: boolean) => (call: Call) => {
  const { length: rank } = call.shape(0);
  const axis = call.scalar(1);
  return {
    axis: axis < 0 ? axis + rank : axis,
    isExclusive: call.int('exclusive', 0) !== 0,
    isReversed: call.int('reverse', 0) !== 0,
    isProduct,
  };
};

const scatterReduction = (call: Call) => {
  const reduction = call.string('reduction', 'none');
  return { reduction: isScatterReduction(reduction) ? reduction : ('none' as const) };
};

const scatterElements = as('scatterelements', (call) => ({
  axis: call.axis(call.shape(0).length, 0),
  ...scatterReduction(call),
}));

const blocksOf = (call: Call) => ({
  blockSize: call.requireInt('blocksize'),
  by: call.string('mode', 'DCR') === 'CRD' ? ('channels' as const) : ('blocks' as const),
});

/** Before opset 13 it was over all axes from the given one on. */
const softmax =
  (name: 'softmax' | 'logsoftmax' | 'hardmax'): Reader =>
  (call) => {
    if (call.opset < 13) return undefined;
    return { call: { function: name, attributes: { axis: call.axis(call.shape(0).length, -1) } } };
  };

const shift: Reader = (call) => {
  const isLeft = call.string('direction', '') === 'LEFT';
  return { call: { function: isLeft ? 'leftshift' : 'rightshift', attributes: {} } };
};

const modulo: Reader = (call) => ({
  call: { function: call.int('fmod', 0) === 0 ? 'mod' : 'fmod', attributes: {} },
});

const gelu: Reader = (call) => ({
  call: {
    function: call.string('approximate', 'none') === 'tanh' ? 'tanhgelu' : 'gelu',
    attributes: {},
  },
});

/** Ops of the standard domain that are no canonical op of the same name, or more exact than it. */
const EXACT: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['Squeeze', asItsOp],
  ['Unsqueeze', asItsOp],
  ['Flatten', asItsOp],
  ['GatherElements', asItsOp],
  ['GatherND', asItsOp],
  ['Clip', asItsOp],
  ['Sum', asItsOp],
  ['ReduceMean', asItsOp],
  ['GreaterOrEqual', as('greaterorequal', NONE)],
  ['LessOrEqual', as('lessorequal', NONE)],
  ['Mean', as('mean', NONE)],
  ['Mod', modulo],
  ['BitShift', shift],
  ['BitwiseNot', as('bitwisenot', NONE)],
  ['Gelu', gelu],
  ['Swish', as('swish', (call) => ({ alpha: call.float('alpha', 1) }))],
  [
    'Shrink',
    as('shrink', (call) => ({ alpha: call.float('lambd', 0.5), beta: call.float('bias', 0) })),
  ],
  [
    'IsInf',
    as('isinf', (call) => ({
      min: call.int('detect_negative', 1),
      max: call.int('detect_positive', 1),
    })),
  ],
  ['ReduceL1', as('reducel1', axesOf)],
  ['ReduceSumSquare', as('reducesumsquare', axesOf)],
  ['ReduceLogSum', as('reducelogsum', axesOf)],
  ['ReduceLogSumExp', as('reducelogsumexp', axesOf)],
  ['ArgMax', as('argmax', argumentOf)],
  ['ArgMin', as('argmin', argumentOf)],
  ['CumSum', as('cumulate', cumulation(false))],
  ['CumProd', as('cumulate', cumulation(true))],
  [
    'TopK',
    as('sort', (call, { attributes }) => ({
      ...(attributes as { axis: number; k: number }),
      isSmallest: call.int('largest', 1) === 0,
    })),
  ],
  ['Scatter', scatterElements],
  ['ScatterElements', scatterElements],
  ['ScatterND', as('scatternd', scatterReduction)],
  [
    'Trilu',
    as('triangle', (call) => ({
      isUpper: call.int('upper', 1) !== 0,
      diagonal: call.has(1) ? call.scalar(1) : 0,
    })),
  ],
  ['EyeLike', as('eye', (call) => ({ diagonal: call.int('k', 0) }))],
  [
    'Compress',
    as(
      'compress',
      (call) => ({
        axis: call.attribute('axis') && call.axis(call.shape(0).length, 0),
      }),
      [0, 1],
    ),
  ],
  [
    'Pad',
    as('pad', (call, { attributes }) => ({
      ...(attributes as { pads: readonly number[]; mode: string }),
      fill: call.has(2) ? call.scalar(2) : call.float('value', 0),
    })),
  ],
  ['DepthToSpace', as('depthtoblocks', blocksOf)],
  ['SpaceToDepth', as('blockstodepth', blocksOf)],
  [
    'ReverseSequence',
    as(
      'reversesequences',
      (call) => ({ batch: call.int('batch_axis', 1), time: call.int('time_axis', 0) }),
      [0, 1],
    ),
  ],
  ['Softmax', softmax('softmax')],
  ['LogSoftmax', softmax('logsoftmax')],
  ['Hardmax', softmax('hardmax')],
  [
    'LpNormalization',
    as('normalize', (call) => ({
      axis: call.axis(call.shape(0).length, -1),
      order: call.int('p', 2),
    })),
  ],
]);

/** Computes the values of constant nodes. */
export class Evaluation {
  readonly #evaluator = new Evaluator();

  /** Values per output; empty if nothing computes them, or if a tensor is too large to be part of a shape. */
  outputs(outcome: Settled, call: Call): readonly Values[] {
    const inputs = call.inputs.filter((input) => input !== undefined);
    if (!inputs.every(({ knownShape }) => knownShape !== undefined && isShort(knownShape)))
      return [];
    const missing = inputs.find((input) => input.values === undefined);
    if (missing !== undefined) return outcome.shapes.map(() => missing.readValues());
    return this.#compute(outcome, call, (operand) => operand as Entry & ConstantArray);
  }

  /** The elements of what a canonical op computes from constants; empty if they are not known. */
  ofOp(
    { op, attributes, shapes, dataTypes }: Settled,
    operands: readonly Entry[],
  ): readonly Elements[] {
    const call = functionOfOp({ op, attributes } as Operation);
    const known = shapes.filter((shape) => shape !== undefined);
    const isKnown = known.length === shapes.length && operands.every(({ values }) => values);
    if (call === undefined || !isKnown) return [];
    const form = { shapes: known, dataType: dataTypes[0] ?? 'unknown' };
    return (
      this.#evaluator.evaluate(call, operands as readonly (Entry & ConstantArray)[], form) ?? []
    );
  }

  /** What is known, per output, of lists of integers that are computed from others; empty if nothing is. */
  knownElements(outcome: Settled, call: Call): readonly Elements[] {
    let isAnyKnown = false;
    try {
      const lists = this.#compute(outcome, call, ({ dataType, knownShape, knownElements }) => {
        if (knownShape === undefined || knownElements === undefined) return undefined;
        isAnyKnown ||= !knownElements.every(Number.isNaN);
        return { dataType, shape: knownShape, values: knownElements };
      });
      return isAnyKnown ? lists : [];
    } catch (error) {
      if (error instanceof Unknown) return [];
      throw error;
    }
  }

  #compute(
    outcome: Settled,
    call: Call,
    arrayOf: (operand: Entry) => ConstantArray | undefined,
  ): readonly Elements[] {
    if (call.domain !== '') return [];
    const shapes = outcome.shapes.filter((shape) => shape !== undefined);
    if (shapes.length < outcome.shapes.length) return [];
    const exact = read(call, outcome);
    if (exact === undefined) return [];
    const { inputs = outcome.inputs } = exact;
    const operands = inputs?.map((index) => call.inputs[index]) ?? call.inputs;
    const arrays = operands.map((operand) => operand && arrayOf(operand));
    if (operands.some((operand, at) => operand !== undefined && arrays[at] === undefined))
      return [];
    const dataType = outcome.dataTypes[0] ?? opRow(outcome.op).resultType ?? call.dataType(0);
    const given = arrays.filter((array) => array !== undefined);
    return this.#evaluator.evaluate(exact.call, given, { shapes, dataType }) ?? [];
  }
}

function read(call: Call, outcome: Settled): Exact | undefined {
  const reader = EXACT.get(call.type);
  if (reader !== undefined) return reader(call, outcome);
  return onnxOpName(outcome.op) === call.type ? asItsOp(call, outcome) : undefined;
}
