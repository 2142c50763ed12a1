import {
  type AssumedSize,
  type Assumptions,
  elementCount,
  locateError,
  NnMeterError,
  quote,
  UniqueNames,
} from '@nnmeter/ir';
import { Call, type CallContext, type Stated, Unknown } from './call.ts';
import { type Bodies, CONTROL_FLOW, sliceShape } from './control-flow.ts';
import { findOp } from './ops/table.ts';
import type { Argument, GraphSource, NodeSource, SymbolName } from './program.ts';
import type { Arguments, ArgumentValue } from './signature.ts';
import type { Sizes } from './sizes.ts';
import type { Step } from './step.ts';
import { Value } from './value.ts';

/** The values of a graph by name. */
type Scope = Map<string, Value>;

/** Ops with a graph among their arguments that run it once, on the arguments that come after it. */
const RUN_ONCE: ReadonlySet<string> = new Set([
  'wrap',
  'wrap_with_set_grad_enabled',
  'wrap_with_autocast',
  'wrap_activation_checkpoint',
  'tag_activation_checkpoint',
  'invoke_subgraph',
  'strict_mode',
  'hints_wrapper',
]);

/** Graphs inside graphs could stand for any number of nodes; the largest real networks have some 100,000. */
const MAX_NODES = 500_000;

/** Goes through the nodes of a program in order and finds what each does. */
export class Reader {
  readonly steps: Step[] = [];
  readonly #sizes: Sizes;
  readonly #assumptions: Assumptions;
  readonly #context: CallContext;
  readonly #names = new UniqueNames();
  readonly #warnings = new Map<string, { readonly text: string; count: number }>();
  #nodes = 0;

  constructor(sizes: Sizes, assumptions: Assumptions) {
    this.#sizes = sizes;
    this.#assumptions = assumptions;
    this.#context = {
      steps: this.steps,
      uniqueName: (name) => this.#names.take(name),
      warn: (text, kind) => this.#warn(text, kind),
    };
  }

  /** Of many nodes with the same trouble only the first is named. */
  get warnings(): readonly string[] {
    return [...this.#warnings.values()].map(({ text, count }) =>
      count === 1 ? text : `${text} (and ${count - 1} more like it)`,
    );
  }

  /** The program itself: its inputs are fed by the user or are weights. */
  readProgram(graph: GraphSource, userInputs: ReadonlySet<string>): Scope {
    const scope: Scope = new Map();
    for (const input of graph.inputs) {
      if (input.kind !== 'tensor') continue;
      const { name } = input;
      if (scope.has(name)) {
        throw new NnMeterError('E_INVALID_GRAPH', `the program has two inputs ${quote(name)}`);
      }
      const facts = this.#stated(name, graph);
      const kind = userInputs.has(name) ? 'input' : 'constant';
      scope.set(name, new Value({ ...facts, name: this.#names.take(name), kind }));
    }
    this.#run(graph, scope);
    return scope;
  }

  #run(graph: GraphSource, scope: Scope): void {
    this.#nodes += graph.nodes.length;
    if (this.#nodes > MAX_NODES) {
      throw new NnMeterError(
        'E_LIMIT',
        `with its inner graphs in place the program has more than ${MAX_NODES.toLocaleString('en')} nodes; no real network does, so reading it stops here`,
      );
    }
    for (const node of graph.nodes) {
      const outputs = node.outputs.flatMap(outputNames);
      // What only computes with sizes: the program states their values.
      if (!outputs.some((name) => name !== undefined)) continue;
      try {
        this.#visit(node, outputs, graph, scope);
      } catch (error) {
        const [name = node.target] = outputs;
        throw locateError({ node: name, op: shortTarget(node.target) }, error);
      }
    }
  }

  #visit(
    node: NodeSource,
    outputs: readonly (string | undefined)[],
    graph: GraphSource,
    scope: Scope,
  ): void {
    const { target } = node;
    const { namespace, op, mutates } = parseTarget(target);
    this.#assumeSizes(node, op, outputs, graph, scope);
    const results =
      this.#inPlace(node, outputs, graph, scope) ??
      this.#call(node, outputs, graph, scope, { namespace, op, mutates });
    outputs.forEach((name, index) => {
      const result = results[index];
      if (name === undefined) return;
      if (result !== undefined) scope.set(name, result);
      else if (results.length > 0) {
        // A further result of an op that is known for its first: indices, statistics.
        scope.set(name, this.#constant(name, graph));
      }
    });
  }

  #assumeSizes(
    { inputs }: NodeSource,
    op: string,
    outputs: readonly (string | undefined)[],
    graph: GraphSource,
    scope: Scope,
  ): void {
    const first = inputs[0]?.value;
    const operand = first?.kind === 'tensor' ? scope.get(first.name)?.shape : undefined;
    const { name, axes } = DATA_DEPENDENT.get(op) ?? COUNT;
    const atMost = operand && axes && elementCount(operand.slice(0, axes));
    for (const output of outputs) {
      const sizes = output === undefined ? undefined : graph.tensor(output)?.sizes;
      if (sizes !== undefined) this.#sizes.assume(sizes, name, atMost);
    }
  }

  #call(
    node: NodeSource,
    outputs: readonly (string | undefined)[],
    graph: GraphSource,
    scope: Scope,
    { namespace, op, mutates }: Target,
  ): readonly (Value | undefined)[] {
    const facts = KNOWN_NAMESPACES.has(namespace) ? findOp(op) : undefined;
    const make = () =>
      new Call({
        op,
        sourceOp: `${namespace}::${op}`,
        module: node.module,
        mutates,
        arguments: this.#arguments(node, facts?.signature.defaults, graph, scope),
        stated: outputs.map((name) => (name === undefined ? undefined : this.#stated(name, graph))),
        context: this.#context,
      });
    const before = this.steps.length;
    if (facts !== undefined) {
      try {
        const call = make();
        facts.rule(call);
        return call.results;
      } catch (error) {
        if (!(error instanceof Unknown)) throw error;
        this.steps.length = before;
      }
    }
    const call = make();
    call.custom();
    if (facts === undefined && call.results[0]?.kind === 'activation') {
      this.#warn(
        `${quote(call.results[0].name)} (${call.sourceOp}): this op is outside the vocabulary; its shapes are those of the program`,
        call.sourceOp,
      );
    }
    return call.results;
  }

  /** What graphs among the arguments do, in the place of a node that runs them; undefined of any other, or if that is not known. */
  #inPlace(
    node: NodeSource,
    outputs: readonly (string | undefined)[],
    graph: GraphSource,
    scope: Scope,
  ): readonly (Value | undefined)[] | undefined {
    const { namespace, op } = parseTarget(node.target);
    if (namespace !== 'higher_order') return undefined;
    if (RUN_ONCE.has(op)) return this.#inline(node, graph, scope);
    const control = CONTROL_FLOW.get(op);
    if (control === undefined) return undefined;
    const before = this.steps.length;
    try {
      return control(
        {
          graphs: node.inputs.flatMap(({ value }) => (value.kind === 'graph' ? [value.graph] : [])),
          values: node.inputs
            .filter(({ value }) => value.kind !== 'graph')
            .map(({ value }) => this.#argument(value, graph, scope)),
          resultCount: outputs.length,
          label: `${quote(outputs.find((name) => name !== undefined)!)} (${namespace}::${op})`,
        },
        this.#bodies(node, outputs, graph),
      );
    } catch (error) {
      if (!(error instanceof Unknown)) throw error;
      this.steps.length = before;
      return undefined;
    }
  }

  #bodies(node: NodeSource, outputs: readonly (string | undefined)[], graph: GraphSource): Bodies {
    const aten = (op: string, values: Record<string, ArgumentValue>, stated: readonly Stated[]) => {
      const { module } = node;
      const call = new Call({
        ...{ op, module, stated, mutates: false, sourceOp: shortTarget(node.target) },
        arguments: new Map(Object.entries(values)),
        context: this.#context,
      });
      findOp(op)!.rule(call);
      return call.results as readonly Value[];
    };
    return {
      steps: this.steps,
      assumptions: this.#assumptions,
      run: (body, operands) => this.#runBody(body, operands),
      unbind: (whole) => {
        const slice = { name: whole.name, dataType: whole.dataType, shape: sliceShape(whole) };
        const stated = new Array<Stated>(whole.shape![0]!).fill(slice);
        return aten('unbind', { self: whole, dim: 0 }, stated);
      },
      stack: (parts, slot) => {
        const stated = this.#stated(outputs[slot] ?? parts[0]!.name, graph);
        return aten('stack', { tensors: parts, dim: 0 }, [stated])[0]!;
      },
      warn: (text, kind) => this.#warn(text, kind),
    };
  }

  /** Puts the body of a graph in an argument in the place of its call. */
  #inline(node: NodeSource, graph: GraphSource, outer: Scope): readonly (Value | undefined)[] {
    const at = node.inputs.findIndex(({ value }) => value.kind === 'graph');
    const inner = node.inputs[at]?.value;
    if (inner?.kind !== 'graph') {
      throw new NnMeterError('E_INVALID_GRAPH', 'it has no graph among its arguments');
    }
    const operands = node.inputs
      .slice(at + 1)
      .flatMap(({ value }) => this.#argument(value, graph, outer))
      .filter((value) => value instanceof Value);
    return this.#runBody(inner.graph, operands);
  }

  /** @returns the results that are tensors */
  #runBody(body: GraphSource, operands: readonly (Value | undefined)[]): readonly Value[] {
    const scope: Scope = new Map();
    const tensors = body.inputs.filter((input) => input.kind === 'tensor');
    tensors.forEach(({ name }, index) => {
      scope.set(name, operands[index] ?? this.#constant(name, body));
    });
    this.#run(body, scope);
    return body.outputs.flatMap((output) =>
      output.kind === 'tensor' ? [lookUp(output.name, scope)] : [],
    );
  }

  #constant(name: string, graph: GraphSource): Value {
    const facts = this.#stated(name, graph);
    return new Value({ ...facts, name: this.#names.take(name), kind: 'constant' });
  }

  #arguments(
    node: NodeSource,
    defaults: Arguments | undefined,
    graph: GraphSource,
    scope: Scope,
  ): Arguments {
    const found = new Map<string, ArgumentValue>();
    // Arguments of higher-order ops have no names.
    node.inputs.forEach(({ name, value }, index) => {
      found.set(name || String(index), this.#argument(value, graph, scope));
    });
    if (defaults === undefined) return found;
    for (const [name, value] of defaults) if (!found.has(name)) found.set(name, value);
    return found;
  }

  #argument(argument: Argument, graph: GraphSource, scope: Scope): ArgumentValue {
    switch (argument.kind) {
      case 'tensor':
        return lookUp(argument.name, scope);
      case 'tensors':
        return argument.names.map((name) => (name === undefined ? undefined : lookUp(name, scope)));
      case 'value':
        return argument.value;
      case 'values':
        return argument.values;
      case 'symbol':
        return this.#number(argument.symbol, graph);
      case 'symbols':
        return argument.symbols.map((symbol) => this.#number(symbol, graph));
      default:
        return undefined;
    }
  }

  #number(symbol: SymbolName, graph: GraphSource): number | undefined {
    if (typeof symbol === 'number') return symbol;
    const size = graph.integer(symbol.name);
    return size === undefined ? undefined : this.#sizes.of(size);
  }

  #stated(name: string, graph: GraphSource): Pick<Value, 'name' | 'dataType' | 'shape'> {
    const tensor = graph.tensor(name);
    if (tensor === undefined) return { name, dataType: 'unknown', shape: undefined };
    return { name, dataType: tensor.dataType, shape: this.#sizes.shape(tensor.sizes) };
  }

  #warn(text: string, kind: string): void {
    const found = this.#warnings.get(kind);
    if (found === undefined) this.#warnings.set(kind, { text, count: 1 });
    else found.count++;
  }
}

interface DataDependent {
  readonly name: AssumedSize;
  /** How many leading axes of the first operand have the elements of which some are found; undefined: it has none. */
  readonly axes: number | undefined;
}

/** What decides the size of a result that only data know, by op. */
const DATA_DEPENDENT: ReadonlyMap<string, DataDependent> = new Map([
  ['nonzero', { name: 'nonzero', axes: Number.POSITIVE_INFINITY }],
  ['where', { name: 'nonzero', axes: Number.POSITIVE_INFINITY }],
  ['index', { name: 'compress', axes: Number.POSITIVE_INFINITY }],
  ['masked_select', { name: 'compress', axes: Number.POSITIVE_INFINITY }],
  ['_unique', { name: 'unique', axes: Number.POSITIVE_INFINITY }],
  ['_unique2', { name: 'unique', axes: Number.POSITIVE_INFINITY }],
  ['nms', { name: 'nonmaxsuppression', axes: 1 }],
]);
/** A number that was computed. */
const COUNT: DataDependent = { name: 'topk', axes: undefined };

const KNOWN_NAMESPACES: ReadonlySet<string> = new Set([
  'aten',
  'quantized_decomposed',
  'torchvision',
]);

interface Target {
  readonly namespace: string;
  readonly op: string;
  /** Whether it writes into its operand: `relu_`. */
  readonly mutates: boolean;
}

/** `torch.ops.aten.relu_.default` is relu of aten, which writes into its operand. */
function parseTarget(target: string): Target {
  const parts = target.replace(/^#?torch\.ops\./, '').split('.');
  const namespace = parts.length > 1 ? parts[0]! : 'python';
  const name = parts[1] ?? parts[0]!;
  const mutates = /[^_]_$/.test(name);
  return { namespace, op: mutates ? name.slice(0, -1) : name, mutates };
}

function shortTarget(target: string): string {
  const { namespace, op } = parseTarget(target);
  return `${namespace}::${op}`;
}

function outputNames(output: Argument): readonly (string | undefined)[] {
  if (output.kind === 'tensor') return [output.name];
  return output.kind === 'tensors' ? output.names : [];
}

/** @throws NnMeterError E_INVALID_GRAPH if nothing before gives it: nodes stand in the order in which they run */
export function lookUp(name: string, scope: Scope): Value {
  const value = scope.get(name);
  if (value !== undefined) return value;
  throw new NnMeterError(
    'E_INVALID_GRAPH',
    `it reads ${quote(name)}, which nothing before it computes and which is no input`,
  );
}
