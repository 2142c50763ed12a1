import { Evaluator } from '@nnmeter/constants';
import {
  Assumptions,
  createGraph,
  elementCount,
  type Graph,
  type Layout,
  locateError,
  NnMeterError,
  type Node,
  quote,
  type ReadOptions,
  type Shape,
  type Tensor,
  UniqueNames,
} from '@nnmeter/ir';
import { type Bodies, Call, type EmittedNode, NotKnown } from './call.ts';
import { type Input, settleInputShapes } from './input-shapes.ts';
import type { Operator, Signature, StatedTensor, SubGraph, TfLiteModel } from './model.ts';
import { rowOf } from './ops/table.ts';
import { Value } from './value.ts';

/** Bodies in bodies; more would risk the call stack. */
const MOST_NESTED = 32;
/** Operators of all bodies and their operands, once for each time that they run. */
const MOST_OPERANDS = 500_000;

/** Turns a decoded model into a graph. @throws NnMeterError if it is not valid, or a shape impossible */
export function toGraph(model: TfLiteModel, options: ReadOptions): Graph {
  return new Lowering(model, options.assume).run(options);
}

/** A subgraph that is put into the graph. */
interface Scope {
  readonly subgraph: SubGraph;
  /** In front of names. */
  readonly prefix: string;
  readonly nesting: number;
  /** Whether the shapes that the file states hold for these inputs. */
  readonly statedHolds: boolean;
  /** Whether an unknown first extent may be that of the inputs. */
  readonly hasUnknownBatch: boolean;
  /** By tensor, as far as they are computed. */
  readonly values: (Value | undefined)[];
  /** By tensor, of the subgraph however often it runs. */
  readonly constants: (Value | undefined)[];
}

interface NamedNode extends EmittedNode {
  readonly name: string;
  readonly sourceOp: string;
  /** Set once it is known. */
  isAssumed: boolean;
}

class Lowering {
  readonly #model: TfLiteModel;
  readonly #assumptions: Assumptions;
  readonly #evaluator = new Evaluator();
  readonly #nodes: NamedNode[] = [];
  readonly #nodeNames = new UniqueNames();
  readonly #tensorNames = new UniqueNames();
  readonly #warnings = new Map<string, string[]>();
  readonly #constants = new Map<SubGraph, (Value | undefined)[]>();
  #operands = 0;

  constructor(model: TfLiteModel, assume: ReadOptions['assume']) {
    this.#model = model;
    this.#assumptions = new Assumptions(assume);
  }

  run(options: ReadOptions): Graph {
    const { signature, subgraph } = this.#entry(options.signature);
    const inputs = subgraph.inputs.map((index): Input => {
      const tensor = subgraph.tensors[index]!;
      const name = this.#tensorNames.take(tensor.name || `input_${index}`);
      const called = signature?.inputs.get(index);
      return { tensor, names: [name, name.replace(/:0$/, ''), ...(called ? [called] : [])] };
    });
    const warn = (warning: string) => this.#warn(warning);
    const values = settleInputShapes(inputs, options.inputShapes, warn).map((shape, index) => {
      const { tensor, names } = inputs[index]!;
      const value = new Value('input', tensor.dataType, shape, { layout: imageLayout(shape) });
      value.name = names[0]!;
      return value;
    });
    const results = this.#lower(subgraph, values, '', 0);
    const outputs = new Set(results.filter(({ kind }) => kind !== 'constant'));
    const tensors = new Set<Value>([...values, ...outputs]);
    for (const node of this.#nodes) {
      for (const value of [...node.inputs, ...node.outputs]) if (value) tensors.add(value);
    }
    return createGraph({
      name: options.name ?? 'model',
      nodes: this.#nodes.map(toNode),
      tensors: [...tensors].map(toTensor),
      inputs: values.map(({ name }) => name),
      outputs: [...outputs].map(({ name }) => name),
      metadata: {
        format: 'tflite',
        ...(this.#model.description && { description: this.#model.description }),
      },
      assumed: this.#assumptions.used,
      signatures: this.#model.signatures.map(({ key }) => key),
      signature: signature?.key,
      warnings: [
        ...[...this.#warnings].map(([warning, nodes]) =>
          nodes.length === 0 ? warning : `${warning}: ${summary(nodes)}`,
        ),
        ...this.#assumptions.warnings,
      ],
    });
  }

  /**
   * The subgraph of a signature: the wanted one, that for serving, or the first subgraph's.
   * @throws NnMeterError E_INVALID_INPUT listing the signatures if there is no such
   */
  #entry(wanted: string | undefined): {
    readonly signature: Signature | undefined;
    readonly subgraph: SubGraph;
  } {
    const { signatures } = this.#model;
    const keyed = (name: string) => signatures.find(({ key }) => key === name);
    const signature =
      wanted === undefined
        ? (keyed('serving_default') ?? signatures.find(({ subgraph }) => subgraph === 0))
        : keyed(wanted);
    if (wanted !== undefined && signature === undefined) throw noSignature(wanted, signatures);
    if (wanted === undefined && signatures.length > 1) {
      const others = signatures.filter((other) => other !== signature).map(({ key }) => quote(key));
      this.#warn(
        `the model has several signatures; ${signature === undefined ? 'its first subgraph' : quote(signature.key)} is read, not ${others.join(', ')}`,
      );
    }
    return { signature, subgraph: this.#subgraph(signature?.subgraph ?? 0) };
  }

  #subgraph(index: number): SubGraph {
    const subgraph = this.#model.subgraphs[index];
    if (subgraph !== undefined) return subgraph;
    throw new NnMeterError(
      'E_INVALID_GRAPH',
      `the TFLite model has no subgraph ${index}, only ${this.#model.subgraphs.length}`,
    );
  }

  /** Puts a subgraph into the graph. @returns its results */
  #lower(
    subgraph: SubGraph,
    inputs: readonly Value[],
    prefix: string,
    nesting: number,
  ): readonly Value[] {
    if (nesting > MOST_NESTED) {
      throw new NnMeterError(
        'E_LIMIT',
        `subgraphs of the TFLite model are nested more than ${MOST_NESTED} deep (does one run itself?)`,
      );
    }
    if (inputs.length !== subgraph.inputs.length) {
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `a subgraph of ${subgraph.inputs.length} inputs is given ${inputs.length}`,
      );
    }
    this.#count(inputs.length);
    const constants = this.#constants.get(subgraph) ?? [];
    this.#constants.set(subgraph, constants);
    const stated = subgraph.inputs.map((input) => subgraph.tensors[input]!);
    const hasUnknownBatch = stated.some(({ signature }) => signature?.[0] === -1);
    const statedHolds = inputs.every(
      ({ shape }, index) => shape?.join() === stated[index]!.shape.join(),
    );
    const scope: Scope = {
      ...{ subgraph, prefix, nesting, statedHolds, hasUnknownBatch, constants },
      values: [],
    };
    for (const [index, input] of inputs.entries()) scope.values[subgraph.inputs[index]!] = input;
    for (const [index, operator] of subgraph.operators.entries()) {
      this.#lowerOperator(operator, index, scope);
    }
    return subgraph.outputs.map((output) => this.#value(output, scope, 'the model returns'));
  }

  #value(index: number, scope: Scope, reader: string): Value {
    const value = scope.values[index] ?? scope.constants[index];
    if (value !== undefined) return value;
    const tensor = scope.subgraph.tensors[index]!;
    if (!tensor.isConstant) {
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `${reader} tensor ${quote(tensor.name || String(index))} before it is computed`,
      );
    }
    const { dataType, shape, values } = tensor;
    const constant = new Value('constant', dataType, shape, { values });
    constant.name = this.#tensorNames.take(tensor.name || `constant_${index}`);
    scope.constants[index] = constant;
    return constant;
  }

  #lowerOperator(operator: Operator, index: number, scope: Scope): void {
    this.#count(operator.inputs.length + operator.outputs.length);
    const { tensors } = scope.subgraph;
    const stated = operator.outputs.map((output) => tensors[output]!);
    const name = scope.prefix + (stated[0]?.name || `${operator.op}_${index}`);
    const reader = `operator ${quote(name)} reads`;
    const inputs = operator.inputs.map((input) =>
      input < 0 ? undefined : this.#value(input, scope, reader),
    );
    const call = new Call(operator, inputs, stated, {
      statedHolds: scope.statedHolds,
      bodies: this.#bodies(name, scope),
      assumptions: this.#assumptions,
      evaluator: this.#evaluator,
    });
    const results = this.#results(operator, call, name, scope);
    for (const [slot, value] of results.entries()) {
      const tensor = stated[slot]!;
      if (value.name === '') {
        value.name = this.#tensorNames.take(
          scope.prefix + (tensor.name || `${operator.op}_${index}:${slot}`),
        );
        value.dataType = tensor.dataType;
      }
      this.#settleShape(value, tensor, scope);
      scope.values[operator.outputs[slot]!] = value;
    }
    this.#addNodes(operator, call, name);
  }

  /** What the operator's rule makes of it; what has none, or none for what is known, stays as it is. */
  #results(operator: Operator, call: Call, name: string, scope: Scope): readonly Value[] {
    const row = rowOf(operator);
    try {
      if (row !== undefined) {
        const results = row.rule(call, operator.options);
        if (results.length === call.stated.length) return results;
        throw new NnMeterError(
          'E_INVALID_GRAPH',
          `it has ${call.stated.length} results, and should have ${results.length}`,
        );
      }
      this.#warn(
        `no shape inference for TFLite operator ${quote(operator.op)}; its cost cannot be predicted`,
        name,
      );
    } catch (error) {
      if (!(error instanceof NotKnown)) throw locateError({ node: name, op: operator.op }, error);
      this.#warn(`of TFLite operator ${quote(operator.op)}: ${error.message}`, name);
    }
    call.nodes.length = 0;
    const shapes = call.stated.map((tensor) => assumedShape(tensor, scope));
    return call.emit('custom', {}, call.inputs, { shapes });
  }

  /** An unknown shape is the one that the file states; one that differs from it is told. */
  #settleShape(value: Value, tensor: StatedTensor, scope: Scope): void {
    if (value.shape === undefined) {
      value.shape = assumedShape(tensor, scope);
      return;
    }
    if (elementCount(value.shape) > Number.MAX_SAFE_INTEGER) {
      throw new NnMeterError(
        'E_SHAPE',
        `tensor ${quote(value.name)} has the impossible shape [${value.shape.join(', ')}]`,
      );
    }
    if (!scope.statedHolds || !tensor.isRanked) return;
    const { shape } = value;
    const expected = tensor.signature ?? tensor.shape;
    const agrees =
      shape.length === expected.length &&
      expected.every((extent, axis) => extent < 0 || extent === shape[axis]);
    if (agrees) return;
    this.#warn(
      `the file states the shape [${expected.join(', ')}] for ${quote(value.name)}, which its operator gives the shape [${shape.join(', ')}]`,
    );
  }

  #addNodes(operator: Operator, call: Call, name: string): void {
    for (const node of call.nodes) {
      const wanted = this.#nodeNames.has(name) ? `${name}/${node.op}` : name;
      const nodeName = this.#nodeNames.take(wanted);
      for (const value of [...node.inputs, ...node.outputs]) {
        if (value === undefined || value.name !== '') continue;
        value.name = this.#tensorNames.take(`${nodeName}:${node.op}`);
      }
      this.#nodes.push({ ...node, name: nodeName, sourceOp: operator.op, isAssumed: false });
    }
  }

  #bodies(name: string, { nesting }: Scope): Bodies {
    const run = (subgraph: number, inputs: readonly Value[], label: string) =>
      this.#lower(this.#subgraph(subgraph), inputs, `${name}/${label}/`, nesting + 1);
    return {
      inline: (subgraph, inputs, label, isAssumed = false) => {
        const start = this.#nodes.length;
        const results = run(subgraph, inputs, label);
        if (isAssumed) for (const node of this.#nodes.slice(start)) node.isAssumed = true;
        return results;
      },
      evaluate: (subgraph, inputs) => {
        const kept = this.#nodes.length;
        const results = run(subgraph, inputs, 'condition');
        this.#nodes.length = kept;
        return results;
      },
      count: (subgraph, inputs) => {
        const kept = this.#nodes.length;
        run(subgraph, inputs, 'draft');
        const count = this.#nodes.length - kept;
        this.#nodes.length = kept;
        return count;
      },
      warn: (warning) => this.#warn(warning, name),
    };
  }

  /** Keeps subgraphs that run others many times over from growing without bound. */
  #count(operands: number): void {
    this.#operands += 1 + operands;
    if (this.#operands <= MOST_OPERANDS) return;
    throw new NnMeterError(
      'E_LIMIT',
      `the TFLite model runs operators of more than ${MOST_OPERANDS.toLocaleString('en')} operands; no real network does, so reading it stops here`,
    );
  }

  /** Notes something the user should know; nodes with the same note are listed together. */
  #warn(warning: string, node?: string): void {
    const nodes = this.#warnings.get(warning) ?? [];
    if (node !== undefined) nodes.push(node);
    this.#warnings.set(warning, nodes);
  }
}

function noSignature(wanted: string, signatures: readonly Signature[]): NnMeterError {
  const keys = signatures.map(({ key }) => key);
  const listed = keys.length === 0 ? 'none' : keys.map(quote).join(', ');
  return new NnMeterError(
    'E_INVALID_INPUT',
    `there is no signature ${quote(wanted)}: the model has ${listed}`,
    keys.length === 0
      ? {}
      : { hint: { text: "name one with the option 'signature'", signatures: keys } },
  );
}

/** The shape that the file states, an unknown batch being 1; undefined if it depends on data, or the inputs are others. */
function assumedShape(tensor: StatedTensor, scope: Scope): Shape | undefined {
  const { shape, signature = shape, isRanked } = tensor;
  const isKnown = signature.every(
    (extent, axis) => extent >= 0 || (axis === 0 && scope.hasUnknownBatch),
  );
  return scope.statedHolds && isRanked && isKnown ? shape : undefined;
}

function imageLayout({ length }: Shape): Layout | undefined {
  return length === 4 ? 'NHWC' : length === 5 ? 'NDHWC' : undefined;
}

function toNode(node: NamedNode): Node {
  const { name, op, attributes, inputs, outputs, sourceOp, isAssumed } = node;
  const given = inputs.slice(0, inputs.findLastIndex((input) => input !== undefined) + 1);
  return {
    name,
    op,
    attributes,
    inputs: given.map((input) => input?.name ?? ''),
    outputs: outputs.map((output) => output.name),
    sourceOp,
    ...(isAssumed && { isAssumed }),
  } as Node;
}

function toTensor({ name, kind, dataType, shape, layout, values }: Value): Tensor {
  return {
    name,
    kind,
    dataType,
    ...(shape && { shape }),
    ...(layout && { layout }),
    ...(kind === 'constant' && values && { values }),
  };
}

function summary(nodes: readonly string[]): string {
  const shown = nodes.slice(0, 3).map(quote).join(', ');
  return nodes.length <= 3 ? shown : `${shown} and ${nodes.length - 3} more`;
}
