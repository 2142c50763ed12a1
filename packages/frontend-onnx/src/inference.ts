import {
  type Assumptions,
  locateError,
  NnMeterError,
  normalizeAxis,
  opRow,
  quote,
} from '@nnmeter/ir';
import { Alternatives } from './alternatives.ts';
import { Call } from './call.ts';
import { custom } from './custom.ts';
import type { Dimensions } from './dimensions.ts';
import { type Entry, isIntegerList, Unknown } from './entry.ts';
import { Evaluation } from './evaluate.ts';
import { Expansion } from './expansion.ts';
import { functionTable, type GraphTable, graphTable } from './graph-table.ts';
import { InferredNodes } from './inferred-nodes.ts';
import { inferLoop, inferScan } from './loops.ts';
import type { FunctionProto, GraphProto } from './model.ts';
import { inlineFunction, inlineIf } from './nested.ts';
import type { KnownOutcome, NodeForm } from './node-form.ts';
import { type Name, NumberedNames } from './numbered-names.ts';
import { findDataDependentRule } from './ops/data-dependent.ts';
import { findRule } from './ops/table.ts';
import { normalizeDomain } from './opsets.ts';
import { orderNodes, readNames } from './order.ts';
import {
  type Computation,
  type ConstantResult,
  type Outcome,
  type Settled,
  shaped,
} from './outcome.ts';
import type { Scope } from './scope.ts';
import { operandsOf, type SettledOutcome, settle } from './settle-shapes.ts';
import type { TensorForm, TensorForms } from './tensor-form.ts';
import { type ReadValues, TensorTable } from './tensor-table.ts';
import type { Warnings } from './warnings.ts';

const CONTROL_FLOW: ReadonlyMap<
  string,
  (inference: Inference, call: Call, scope: Scope, node: number) => Outcome
> = new Map([
  ['If', withReads(inlineIf)],
  ['Loop', withReads(inferLoop)],
  ['Scan', withReads(inferScan)],
]);

/** Walks the nodes of a model in order and finds what each does, its output shapes and the constants among them. */
export class Inference {
  readonly nodes = new InferredNodes();
  /** Whether nodes are found in a trip of a loop that is only assumed. */
  isAssuming = false;
  readonly warnings: Warnings;
  readonly assumptions: Assumptions;
  readonly tensors: TensorTable;
  readonly nodeNames: NumberedNames;
  readonly #tensorForms: TensorForms;
  readonly #dimensions: Dimensions;
  readonly #functions: ReadonlyMap<string, FunctionProto>;
  readonly #tables = new Map<GraphProto | FunctionProto, GraphTable>();
  readonly #alternatives = new Map<GraphTable, Alternatives>();
  readonly #evaluation = new Evaluation();
  readonly #expansion = new Expansion();

  constructor(facts: {
    readonly graph: GraphTable;
    readonly tensorForms: TensorForms;
    readonly dimensions: Dimensions;
    readonly functions: readonly FunctionProto[];
    readonly readValues: ReadValues;
    readonly warnings: Warnings;
    readonly assumptions: Assumptions;
  }) {
    const { graph, tensorForms, readValues } = facts;
    this.#dimensions = facts.dimensions;
    this.#tensorForms = tensorForms;
    this.tensors = new TensorTable({
      names: new NumberedNames(graph.names, this.#expansion),
      forms: tensorForms,
      readValues,
      expansion: this.#expansion,
    });
    this.nodeNames = new NumberedNames(graph.names, this.#expansion);
    this.warnings = facts.warnings;
    this.assumptions = facts.assumptions;
    this.#functions = new Map(
      facts.functions.map((fn) => [functionKey(fn.domain, fn.name, fn.overload), fn]),
    );
  }

  /** Walks the nodes of a scope. */
  run(scope: Scope): void {
    const { table } = scope;
    this.#expansion.add('nodes', table.nodeCount);
    if (scope.depth > 0) {
      const { names, nodeInputs, outputs } = table;
      this.#expansion.add('names in its functions and loops', names.size + nodeInputs.length);
      this.#expansion.add('tensors in its loops and sequences', outputs.length);
    }
    const order = orderNodes(table);
    for (let at = 0; at < table.nodeCount; at++) this.#visit(order?.[at] ?? at, scope);
  }

  /** Adds a node that joins tensors of one shape along a new axis. */
  stack(call: Call, scope: Scope, parts: readonly Entry[], axis = 0): Entry {
    this.#expansion.add('tensors in its loops and sequences', parts.length);
    const [first] = parts.map(({ knownShape }) => knownShape);
    const isAlike = parts.every(({ knownShape }) => knownShape?.join() === first?.join());
    const at = first === undefined ? 0 : normalizeAxis(axis, first.length + 1);
    const shape = isAlike ? first?.toSpliced(at, 0, parts.length) : undefined;
    const dataType = parts[0]?.dataType ?? 'unknown';
    const joining = shaped('concat', { axis: at }, [shape], { dataTypes: [dataType] });
    return this.#addInner(call, scope, joining, parts, ['stack'])[0]!;
  }

  /** Adds a node that takes a tensor apart along an axis, which its parts do not have. */
  unstack(call: Call, scope: Scope, whole: Entry, axis: number): readonly Entry[] {
    const shape = whole.requireShape();
    const sizes = new Array<number>(shape[axis]!).fill(1);
    const parts = sizes.map(() => shape.toSpliced(axis, 1));
    const dataTypes = sizes.map(() => whole.dataType);
    const taking = shaped('split', { axis, sizes }, parts, { dataTypes });
    const names = sizes.map((_, index) => `part${index}`);
    return this.#addInner(call, scope, taking, [whole], names);
  }

  /** Adds a node that the file does not have as one. What it makes of constants is one, and no node. */
  #addInner(
    call: Call,
    scope: Scope,
    computation: Settled,
    inputs: readonly Entry[],
    names: readonly string[],
  ): readonly Entry[] {
    const isConstant = inputs.every(({ kind }) => kind === 'constant');
    const lists = isConstant ? this.#evaluation.ofOp(computation, inputs) : [];
    const outputs = names.map((name, index) => {
      const { shapes, dataTypes } = computation;
      const kind = isConstant ? 'constant' : 'activation';
      const form = this.tensors.form(kind, dataTypes[index] ?? 'unknown', shapes[index]);
      const entry = this.tensors.make(scope, `${call.name}/${name}`, form);
      entry.setValues(lists[index]);
      return entry;
    });
    if (!isConstant) {
      const name = this.nodeNames.take(`${call.name}/${computation.op}`);
      const { sourceOp } = call.form;
      const { isAssuming: isAssumed } = this;
      this.nodes.add({ name, computation, sourceOp, inputs, outputs, isAssumed });
    }
    return outputs;
  }

  branchTable(graph: GraphProto): GraphTable {
    return this.#tableOf(graph, graphTable);
  }

  functionTable(fn: FunctionProto): GraphTable {
    return this.#tableOf(fn, functionTable);
  }

  #tableOf<T extends GraphProto | FunctionProto>(
    source: T,
    make: (source: T, forms: TensorForms) => GraphTable,
  ): GraphTable {
    let table = this.#tables.get(source);
    if (table === undefined) {
      table = make(source, this.#tensorForms);
      this.#tables.set(source, table);
    }
    return table;
  }

  #visit(node: number, scope: Scope): void {
    const { table } = scope;
    const form = table.forms[node]!;
    const name = this.#takeName(node, scope);
    const inputs = this.#resolve(node, scope);
    const opset = scope.opsets.get(form.domain) ?? 1;
    const outputCount = table.outputStart.items[node + 1]! - table.outputStart.items[node]!;
    const hash = hashOf(form, inputs, outputCount);
    const known = hash === undefined ? undefined : form.outcomes.get(hash);
    if (known !== undefined && isFor(known, opset, inputs, outputCount)) {
      this.#addNode(known.outcome, node, name, scope, inputs);
      return;
    }
    const call = new Call({
      form,
      name: () => this.nodeNames.text(name),
      opset,
      inputs,
      outputCount,
      arguments: scope.arguments,
      assumptions: this.assumptions,
    });
    try {
      const outcome = this.#infer(call, node, scope);
      const isConstant = this.#apply(outcome, call, node, name, scope);
      if (isConstant || outcome.kind !== 'computation') return;
      const isShape = this.#keepKnownElements(outcome, call, node, scope);
      if (hash === undefined || isShape) return;
      const { operands: others, isSequence, warning } = outcome;
      if (call.isParticular || others || isSequence || warning !== undefined) return;
      const operands = inputs.map((entry) => entry?.form);
      form.outcomes.set(hash, { opset, operands, outputCount, outcome });
    } catch (error) {
      throw located(error, call);
    }
  }

  #takeName(node: number, scope: Scope): Name {
    const { table } = scope;
    let name = table.nodeNames.items[node]!;
    if (name === 0) name = table.outputsOf(node).find((output) => output !== 0) ?? 0;
    if (scope.depth === 0 && name !== 0) return this.nodeNames.takeMain(name);
    const text = name === 0 ? table.forms[node]!.type : table.names.text(name);
    return this.nodeNames.take(scope.prefix + text);
  }

  #resolve(node: number, scope: Scope): readonly (Entry | undefined)[] {
    const { table } = scope;
    const start = table.inputStart.items[node]!;
    const count = table.inputStart.items[node + 1]! - start;
    const inputs = new Array<Entry | undefined>(count);
    for (let index = 0; index < count; index++) {
      const name = table.nodeInputs.items[start + index]!;
      const entry = this.tensors.lookup(name, scope);
      if (entry === undefined && name !== 0 && !scope.isOmitted(name))
        throw missing(table, node, name);
      inputs[index] = entry;
    }
    return inputs;
  }

  /** Where something that a rule needs is not known, the declared shapes of the outputs have to do. */
  #infer(call: Call, node: number, scope: Scope): SettledOutcome {
    const { type, domain, opset, form } = call;
    let cause: Unknown | undefined;
    try {
      const control = domain === '' ? CONTROL_FLOW.get(type) : undefined;
      if (control !== undefined) return settle(control(this, call, scope, node), call);
      const rule = findRule(type, domain, opset);
      if (rule !== undefined) return settle(rule(call), call);
      const fn = this.#functions.get(functionKey(domain, type, form.overload));
      if (fn !== undefined) return settle(inlineFunction(this, fn, call, scope), call);
    } catch (error) {
      cause = this.#unknown(error);
    }
    call.isParticular = true;
    const declared = scope.table
      .outputsOf(node)
      .map((name) => (name === 0 ? [] : scope.declaredShape(name, this.#dimensions)));
    const isDeclared = declared.every((shape) => shape !== undefined);
    if (cause?.error === undefined) {
      try {
        const dependent = findDataDependentRule(type, domain);
        if (dependent !== undefined) {
          const alternatives = () => this.#alternativesOf(scope.table).count(node);
          return settle(dependent(call, declared[0], alternatives), call);
        }
      } catch (error) {
        cause ??= this.#unknown(error);
      }
    }
    if (cause !== undefined) {
      if (isDeclared) return custom(call, declared);
      if (cause.error !== undefined) throw cause.error;
      const isRoot = call.inputs.every((input) => !input || input.knownShape !== undefined);
      const warning = `${call.label}: ${cause.message}, so its output has no shape`;
      return custom(call, declared, { warning: isRoot ? warning : undefined });
    }
    const shapes = isDeclared
      ? 'the shapes that the file declares are used'
      : 'its output has no shape';
    return custom(call, declared, {
      warning: `${call.label}: there is no shape inference for this op of domain ${domain || 'ai.onnx'} at opset ${opset}; ${shapes}`,
    });
  }

  #alternativesOf(table: GraphTable): Alternatives {
    const known = this.#alternatives.get(table) ?? new Alternatives(table);
    this.#alternatives.set(table, known);
    return known;
  }

  /** What inference cannot know; with sizes that are only assumed that is also what does not fit them. */
  #unknown(error: unknown): Unknown {
    if (error instanceof Unknown) return error;
    const isMisfit = error instanceof NnMeterError && error.code === 'E_SHAPE';
    if (!isMisfit || this.assumptions.warnings.length === 0) throw error;
    return new Unknown(`${error.problem} (some sizes are assumed)`);
  }

  /** @returns whether the results are constants, which need no node */
  #apply(outcome: SettledOutcome, call: Call, node: number, name: Name, scope: Scope): boolean {
    const { nodeOutputs, outputStart } = scope.table;
    const start = outputStart.items[node]!;
    if (outcome.kind === 'aliases') {
      for (const { elements } of outcome.entries)
        this.#expansion.add('tensors in its loops and sequences', elements?.length ?? 0);
      for (let index = 0; index < call.outputCount; index++) {
        this.#bindAlias(outcome.entries, index, nodeOutputs.items[start + index]!, scope);
      }
      return true;
    }
    if (outcome.kind === 'constant') {
      if (call.outputCount > 0 && nodeOutputs.items[start] !== 0)
        this.#addConstant(outcome, nodeOutputs.items[start]!, scope);
      return true;
    }
    if (outcome.warning !== undefined)
      this.warnings.add(outcome.warning, `${call.domain} ${call.type} ${call.opset}`);
    if (!isFoldable(call)) {
      this.#addNode(outcome, node, name, scope, call.inputs);
      return false;
    }
    const values = this.#evaluation.outputs(outcome, call);
    for (let index = 0; index < call.outputCount; index++) {
      const output = nodeOutputs.items[start + index]!;
      if (output === 0) continue;
      const form = this.#outputForm('constant', outcome, index, output, scope, call.inputs);
      this.tensors.add(scope, output, form).setValues(values[index]);
    }
    return true;
  }

  /** @returns whether the results are lists of integers, of which something may be known at one node and nothing at the next */
  #keepKnownElements(outcome: Settled, call: Call, node: number, scope: Scope): boolean {
    const first = scope.own(scope.table.firstOutput(node));
    if (first === undefined || !isIntegerList(first.dataType, first.knownShape)) return false;
    const outputs = scope.table.outputsOf(node);
    for (const [index, list] of this.#evaluation.knownElements(outcome, call).entries()) {
      const output = outputs[index];
      if (output !== undefined && output !== 0) scope.own(output)?.setKnownElements(list);
    }
    return true;
  }

  #bindAlias(entries: readonly Entry[], index: number, output: number, scope: Scope): void {
    if (output === 0) return;
    const entry = entries[index];
    if (entry !== undefined) scope.bind(output, entry);
    else {
      const shape = entries[0]?.knownShape;
      this.tensors.add(scope, output, this.tensors.form('constant', 'bool', shape));
    }
  }

  #addConstant({ dataType, shape, values }: ConstantResult, output: number, scope: Scope): void {
    const form = this.tensors.form('constant', dataType, shape);
    this.tensors.add(scope, output, form).setValues(values);
  }

  #outputForm(
    kind: 'constant' | 'activation',
    outcome: Settled,
    index: number,
    output: number,
    scope: Scope,
    inputs: readonly (Entry | undefined)[],
  ): TensorForm {
    const dataType =
      outcome.dataTypes[index] ??
      opRow(outcome.op).resultType ??
      scope.declaredDataType(output) ??
      inputs[0]?.dataType ??
      'unknown';
    const last = outcome.forms[index];
    if (last?.kind === kind && last.dataType === dataType) return last;
    const form = this.tensors.form(kind, dataType, outcome.shapes[index]);
    outcome.forms[index] = form;
    return form;
  }

  #addNode(
    outcome: Settled,
    node: number,
    name: Name,
    scope: Scope,
    inputs: readonly (Entry | undefined)[],
  ): void {
    const { forms, nodeOutputs, outputStart } = scope.table;
    const start = outputStart.items[node]!;
    this.#expansion.add('tensors in its loops and sequences', outcome.operands?.length ?? 0);
    const outputs = outcome.isSequence
      ? this.#addSequence(outcome, node, scope, inputs)
      : new Array<Entry | undefined>(outputStart.items[node + 1]! - start);
    for (let index = 0; index < outputs.length && !outcome.isSequence; index++) {
      const output = nodeOutputs.items[start + index]!;
      outputs[index] =
        output === 0
          ? undefined
          : this.tensors.add(
              scope,
              output,
              this.#outputForm('activation', outcome, index, output, scope, inputs),
            );
    }
    if (outcome.weight !== undefined) {
      const [index, layout] = outcome.weight;
      const weight = inputs[index];
      if (weight !== undefined) weight.layout ??= layout;
    }
    this.nodes.add({
      name,
      computation: outcome,
      sourceOp: forms[node]!.sourceOp,
      inputs: keptInputs(outcome, inputs),
      outputs,
      isAssumed: this.isAssuming,
    });
  }

  #addSequence(
    outcome: Settled,
    node: number,
    scope: Scope,
    inputs: readonly (Entry | undefined)[],
  ): (Entry | undefined)[] {
    const { names } = scope.table;
    const output = scope.table.firstOutput(node);
    const elements = outcome.shapes.map((_, index) => {
      const form = this.#outputForm('activation', outcome, index, 0, scope, inputs);
      return this.tensors.make(scope, `${names.text(output)}[${index}]`, form);
    });
    const form = this.tensors.form('activation', inputs[0]?.dataType ?? 'unknown', undefined);
    this.tensors.add(scope, output, form).elements = elements;
    return elements;
  }
}

/** What a node with subgraphs does: it also reads what they read from outside. */
function withReads(infer: (inference: Inference, call: Call, scope: Scope) => Outcome) {
  return (inference: Inference, call: Call, scope: Scope, node: number): Outcome => {
    const outcome = infer(inference, call, scope);
    if (outcome.kind !== 'computation') return outcome;
    const operands = readNames(scope.table, node).flatMap(
      (name) => inference.tensors.lookupText(name, scope) ?? [],
    );
    return { ...outcome, operands: [...new Set(operands)] };
  };
}

/** Of the forms of a node's operands; undefined if the rule may know more of them. */
function hashOf(
  form: NodeForm,
  inputs: readonly (Entry | undefined)[],
  outputCount: number,
): number | undefined {
  if (form.hasArguments || form.subgraphs.length > 0) return undefined;
  let hash = outputCount;
  for (const entry of inputs) {
    if (entry !== undefined && !entry.isPlain) return undefined;
    hash = Math.imul(hash ^ (entry === undefined ? -1 : entry.form.number), 0x01000193) + 1;
  }
  return hash;
}

function isFor(
  known: KnownOutcome,
  opset: number,
  inputs: readonly (Entry | undefined)[],
  outputCount: number,
): boolean {
  if (known.opset !== opset || known.outputCount !== outputCount) return false;
  if (known.operands.length !== inputs.length) return false;
  for (let index = 0; index < inputs.length; index++)
    if (known.operands[index] !== inputs[index]?.form) return false;
  return true;
}

function keptInputs(
  outcome: Computation,
  inputs: readonly (Entry | undefined)[],
): readonly (Entry | undefined)[] {
  const operands = operandsOf(outcome, inputs);
  let count = operands.length;
  while (count > 0 && operands[count - 1] === undefined) count--;
  return count === operands.length ? operands : operands.slice(0, count);
}

/** Random numbers are not constants, nor is what has no inputs or reads tensors from inside a subgraph. */
function isFoldable({ type, inputs }: Call): boolean {
  return (
    inputs.length > 0 &&
    inputs.every((input) => input === undefined || input.kind === 'constant') &&
    !CONTROL_FLOW.has(type) &&
    !/^(Random|Bernoulli|Multinomial)/.test(type)
  );
}

function missing(table: GraphTable, node: number, name: number): NnMeterError {
  const { names, nodeNames } = table;
  return new NnMeterError(
    'E_INVALID_GRAPH',
    `the ONNX graph is not valid: node ${table.describe(node)} reads ${quote(names.text(name))}, which nothing computes and which is no input or constant`,
    {
      where: {
        node: names.text(nodeNames.items[node]! || table.firstOutput(node)),
        op: table.forms[node]!.type,
      },
    },
  );
}

function functionKey(
  domain: string | null | undefined,
  name: string | null | undefined,
  overload: string | null | undefined,
): string {
  return JSON.stringify([normalizeDomain(domain), name ?? '', overload ?? '']);
}

/** Says at which node an error arose, once, and shortens lists of thousands of shapes. */
function located(error: unknown, call: Call): unknown {
  if (!(error instanceof NnMeterError)) return error;
  const { code, problem, where, hint } = error;
  if (where.node !== undefined || where.input !== undefined) return error;
  const shown =
    problem.length > 600 ? `${problem.slice(0, 500)} ... ${problem.slice(-60)}` : problem;
  const short = new NnMeterError(code, shown, { where, ...(hint && { hint }), cause: error });
  return locateError({ node: call.name, op: call.type }, short);
}
