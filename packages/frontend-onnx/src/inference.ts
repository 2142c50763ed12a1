import { type AxesRole, locateError, NnMeterError, opRow, quote } from '@nnmeter/ir';
import { Call } from './call.ts';
import { custom } from './custom.ts';
import type { Dimensions } from './dimensions.ts';
import { type Entry, type EntryFacts, Unknown } from './entry.ts';
import { Evaluation } from './evaluate/evaluate.ts';
import { inferLoop, inferScan } from './loops.ts';
import type { FunctionProto, NodeProto } from './model.ts';
import { inlineFunction, inlineIf } from './nested.ts';
import { findRule } from './ops/table.ts';
import { describeNode, orderNodes, readNames } from './order.ts';
import type { Computation, Outcome, Settled } from './outcome.ts';
import { normalizeDomain, type Scope } from './scope.ts';
import { operandsOf, type SettledOutcome, settle } from './settle-shapes.ts';
import { type ReadValues, TensorTable } from './tensor-table.ts';
import { UniqueNames } from './unique-names.ts';
import type { Warnings } from './warnings.ts';

/** A node of real work. */
export interface InferredNode {
  readonly name: string;
  readonly computation: Computation;
  /** What its op does to axes. */
  readonly axes: AxesRole;
  readonly sourceOp: string;
  readonly inputs: readonly (Entry | undefined)[];
  readonly outputs: readonly (Entry | undefined)[];
}

/** Function calls may multiply the nodes of a small file; the largest real networks have some 100,000. */
const MAX_NODES = 500_000;

const CONTROL_FLOW: ReadonlyMap<
  string,
  (inference: Inference, call: Call, scope: Scope) => Outcome
> = new Map([
  ['If', inlineIf],
  ['Loop', inferLoop],
  ['Scan', inferScan],
]);

/** Walks the nodes of a model in order and finds what each does, its output shapes and the constants among them. */
export class Inference {
  nodes: InferredNode[] = [];
  readonly warnings: Warnings;
  readonly tensors: TensorTable;
  readonly #nodeNames = new UniqueNames();
  readonly #dimensions: Dimensions;
  readonly #functions: ReadonlyMap<string, FunctionProto>;
  readonly #evaluation = new Evaluation();
  #nodeCount = 0;

  constructor(facts: {
    readonly dimensions: Dimensions;
    readonly functions: readonly FunctionProto[];
    readonly readValues: ReadValues;
    readonly warnings: Warnings;
  }) {
    this.#dimensions = facts.dimensions;
    this.tensors = new TensorTable(facts.readValues);
    this.warnings = facts.warnings;
    this.#functions = new Map(
      facts.functions.map((fn) => [functionKey(fn.domain, fn.name, fn.overload), fn]),
    );
  }

  run(nodes: readonly NodeProto[], scope: Scope): void {
    this.#nodeCount += nodes.length;
    if (this.#nodeCount > MAX_NODES) {
      throw new NnMeterError(
        'E_LIMIT',
        `with its functions inlined the model has more than ${MAX_NODES.toLocaleString('en')} nodes; no real network does, so reading it stops here`,
      );
    }
    for (const node of orderNodes(nodes)) this.#visit(node, scope);
  }

  /** Runs without keeping the nodes that are found. */
  withoutNodes<T>(run: () => T): T {
    const kept = this.nodes;
    this.nodes = [];
    try {
      return run();
    } finally {
      this.nodes = kept;
    }
  }

  #visit(node: NodeProto, scope: Scope): void {
    const type = node.opType ?? '';
    const domain = normalizeDomain(node.domain);
    const ownName = node.name || node.output?.find((output) => output !== '') || type;
    const call = new Call({
      node,
      domain,
      name: this.#nodeNames.take(scope.prefix + ownName),
      opset: scope.opsets.get(domain) ?? 1,
      inputs: (node.input ?? []).map((input) => this.#resolve(input, node, scope)),
      arguments: scope.arguments,
    });
    try {
      this.#apply(this.#infer(call, node, scope), call, scope);
    } catch (error) {
      throw located(error, call);
    }
  }

  #resolve(name: string, node: NodeProto, scope: Scope): Entry | undefined {
    const entry = this.tensors.lookup(name, scope);
    if (entry === undefined && name !== '' && !scope.isOmitted(name)) {
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `the ONNX graph is not valid: node ${describeNode(node)} reads ${quote(name)}, which nothing computes and which is no input or constant`,
        { where: { node: node.name || (node.output?.[0] ?? ''), op: node.opType ?? '' } },
      );
    }
    return entry;
  }

  /** Where something that a rule needs is not known, the declared shapes of the outputs have to do. */
  #infer(call: Call, node: NodeProto, scope: Scope): SettledOutcome {
    const { type, domain, opset } = call;
    const declared = call.outputs.map((output) =>
      output === '' ? [] : scope.declaredShape(output, this.#dimensions),
    );
    const isDeclared = declared.every((shape) => shape !== undefined);
    try {
      const control = domain === '' ? CONTROL_FLOW.get(type) : undefined;
      if (control !== undefined) {
        return settle(this.#withReads(control(this, call, scope), node, scope), call);
      }
      const rule = findRule(type, domain, opset);
      if (rule !== undefined) return settle(rule(call), call);
      const fn = this.#functions.get(functionKey(domain, type, node.overload));
      if (fn !== undefined) return settle(inlineFunction(this, fn, call, scope), call);
    } catch (cause) {
      if (!(cause instanceof Unknown)) throw cause;
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

  /** A node with subgraphs also reads what they read from outside. */
  #withReads(outcome: Outcome, node: NodeProto, scope: Scope): Outcome {
    if (outcome.kind !== 'computation') return outcome;
    const operands = readNames(node).flatMap((name) => this.tensors.lookup(name, scope) ?? []);
    return { ...outcome, operands: [...new Set(operands)] };
  }

  #apply(outcome: SettledOutcome, call: Call, scope: Scope): void {
    if (outcome.kind === 'aliases') this.#bindAliases(outcome.entries, call, scope);
    else if (outcome.kind === 'computation') this.#compute(outcome, call, scope);
    else if (call.outputs[0]) this.tensors.add(scope, call.outputs[0], outcome);
  }

  #bindAliases(entries: readonly Entry[], call: Call, scope: Scope): void {
    call.outputs.forEach((output, index) => {
      const entry = entries[index];
      if (output === '') return;
      if (entry !== undefined) scope.bind(output, entry);
      else {
        const shape = entries[0]?.knownShape;
        this.tensors.add(scope, output, { kind: 'constant', dataType: 'bool', shape });
      }
    });
  }

  /** Adds a node, or only its outputs if they are constant. */
  #compute(outcome: Settled, call: Call, scope: Scope): void {
    const { axes, resultType } = opRow(outcome.op);
    const isConstant = isFoldable(call);
    const kind = isConstant ? 'constant' : 'activation';
    const values = isConstant ? this.#evaluation.outputs(outcome, call) : [];
    const facts = (index: number, name: string): Omit<EntryFacts, 'name'> => ({
      kind,
      dataType:
        outcome.dataTypes[index] ?? resultType ?? scope.declaredDataType(name) ?? call.dataType(0),
      shape: outcome.shapes[index],
      values: values[index],
    });
    const outputs = outcome.isSequence
      ? this.#addSequence(outcome, call, scope, facts)
      : call.outputs.map((name, index) =>
          name === '' ? undefined : this.tensors.add(scope, name, facts(index, name)),
        );
    if (outcome.warning !== undefined)
      this.warnings.add(outcome.warning, `${call.domain} ${call.type} ${call.opset}`);
    if (isConstant) return;
    const [index, layout] = outcome.weight ?? [];
    const weight = index === undefined ? undefined : call.inputs[index];
    if (weight?.kind === 'constant') weight.weightLayout ??= layout;
    const sourceOp = call.domain === '' ? call.type : `${call.domain}::${call.type}`;
    const inputs = keptInputs(outcome, call);
    this.nodes.push({ name: call.name, computation: outcome, axes, sourceOp, inputs, outputs });
  }

  #addSequence(
    outcome: Settled,
    call: Call,
    scope: Scope,
    facts: (index: number, name: string) => Omit<EntryFacts, 'name'>,
  ): readonly Entry[] {
    const [name = ''] = call.outputs;
    const elements = outcome.shapes.map((_, index) =>
      this.tensors.make(scope, `${name}[${index}]`, facts(index, '')),
    );
    this.tensors.add(scope, name, { kind: 'activation', dataType: call.dataType(0), elements });
    return elements;
  }
}

function keptInputs(outcome: Computation, call: Call): readonly (Entry | undefined)[] {
  const inputs = operandsOf(outcome, call);
  return inputs.slice(0, inputs.findLastIndex((input) => input !== undefined) + 1);
}

/** Random numbers are not constants, nor is what has no inputs or reads tensors from inside a subgraph. */
function isFoldable(call: Call): boolean {
  return (
    call.inputs.length > 0 &&
    call.inputs.every((input) => input === undefined || input.kind === 'constant') &&
    !CONTROL_FLOW.has(call.type) &&
    !/^(Random|Bernoulli|Multinomial)/.test(call.type)
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
