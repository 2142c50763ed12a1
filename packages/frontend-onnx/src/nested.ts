import { NnMeterError, quote } from '@nnmeter/ir';
import type { Call } from './call.ts';
import type { Entry } from './entry.ts';
import type { GraphTable } from './graph-table.ts';
import type { Inference } from './inference.ts';
import type { FunctionProto, GraphProto } from './model.ts';
import { readOpsets } from './opsets.ts';
import { aliases, type Outcome } from './outcome.ts';
import { Scope } from './scope.ts';

/** Function calls and branches inside each other; more would risk the call stack, and no exporter nests so deep. */
const MAX_DEPTH = 32;

/** Puts the body of a model-local function in the place of its call. */
export function inlineFunction(
  inference: Inference,
  fn: FunctionProto,
  call: Call,
  scope: Scope,
): Outcome {
  const defaults = (fn.attributeProto ?? []).map(
    (attribute) => [attribute.name ?? '', attribute] as const,
  );
  const given = [...call.attributes].map((attribute) => [attribute.name ?? '', attribute] as const);
  const body = new Scope({
    ...inside(call, scope),
    table: inference.functionTable(fn),
    opsets: readOpsets(fn.opsetImport),
    arguments: new Map([...defaults, ...given]),
  });
  return aliases(runScope(inference, body, call.inputs));
}

/** `If`: the branch taken where the condition is known, else the one of more nodes. */
export function inlineIf(inference: Inference, call: Call, scope: Scope): Outcome {
  const branches = [call.graph('else_branch'), call.graph('then_branch')] as const;
  const condition = call.input(0).values?.[0];
  if (condition !== undefined) {
    return aliases(runBranch(inference, branches[condition === 0 ? 0 : 1], call, scope));
  }
  inference.warnings.add(
    `${call.label}: its condition depends on data; the branch of more nodes is counted`,
    'If of computed condition',
  );
  const [otherwise, then] = branches.map((branch) => countNodes(inference.branchTable(branch)));
  return aliases(runBranch(inference, branches[otherwise! > then! ? 0 : 1], call, scope));
}

function countNodes({ forms }: GraphTable): number {
  return forms.filter(({ type }) => type !== 'Constant').length;
}

/** Puts a branch or the body of a loop in the place of its node. @returns its outputs */
export function runBranch(
  inference: Inference,
  graph: GraphProto,
  call: Call,
  scope: Scope,
  inputs: readonly Entry[] = [],
): readonly Entry[] {
  const table = inference.branchTable(graph);
  return runScope(inference, new Scope({ ...inside(call, scope), table, outer: scope }), inputs);
}

/** Runs a body on its inputs. @returns its outputs */
function runScope(
  inference: Inference,
  scope: Scope,
  inputs: readonly (Entry | undefined)[],
): readonly Entry[] {
  const { names, inputs: declared, outputs } = scope.table;
  declared.forEach(({ name }, index) => {
    scope.bind(names.find(name ?? ''), inputs[index]);
  });
  inference.run(scope);
  return outputs.map((name) => {
    const entry = inference.tensors.lookup(name, scope);
    if (entry !== undefined) return entry;
    const shown = quote(names.text(name));
    throw new NnMeterError('E_INVALID_GRAPH', `nothing computes its output ${shown}`);
  });
}

function inside(
  call: Call,
  scope: Scope,
): Pick<Scope, 'opsets' | 'prefix' | 'depth' | 'arguments'> {
  if (scope.depth >= MAX_DEPTH) {
    throw new NnMeterError(
      'E_LIMIT',
      `functions or branches are nested more than ${MAX_DEPTH} deep (does a function call itself?)`,
    );
  }
  const { opsets, arguments: values } = scope;
  return { opsets, prefix: `${call.name}/`, depth: scope.depth + 1, arguments: values };
}
