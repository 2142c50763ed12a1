import { zipOf } from '../../../nn-meter-predictors/test/support/zip-writer.ts';

export type Json = Record<string, unknown>;

export const tensor = (name: string): Json => ({ as_tensor: { name } });
export const meta = (...sizes: (number | Json)[]): Json => ({
  dtype: 7,
  sizes: sizes.map((size) => (typeof size === 'number' ? { as_int: size } : size)),
});
export const symbol = (name: string, hint: number | null): Json => ({
  as_expr: { expr_str: `Symbol('${name}', integer=True)`, hint: hint && { as_int: hint } },
});

/** A node of aten, or of another namespace if its target says so. */
export function node(target: string, args: Json, outputs: readonly (string | Json)[]): Json {
  return {
    target: target.includes('.ops.') ? target : `torch.ops.aten.${target}`,
    inputs: Object.entries(args).map(([name, arg]) => ({ name, arg, kind: 1 })),
    outputs: outputs.map((each) => (typeof each === 'string' ? tensor(each) : each)),
    metadata: {},
  };
}

/** A program with the input x, whose other tensors that no node gives are weights. */
export function program(
  tensors: Json,
  nodes: readonly Json[],
  outputs: readonly string[],
  more: Json = {},
): Json {
  const given = new Set(
    nodes.flatMap(({ outputs }) =>
      (outputs as Json[])
        .flatMap((each) => [each.as_tensors ?? each.as_tensor].flat() as Json[])
        .map(({ name }) => name),
    ),
  );
  const inputs = Object.keys(tensors).filter((name) => !given.has(name));
  const specs = inputs.map((name) =>
    name.startsWith('p_')
      ? { parameter: { arg: { name }, parameter_name: name } }
      : { user_input: { arg: tensor(name) } },
  );
  const graph = {
    inputs: inputs.map(tensor),
    outputs: outputs.map(tensor),
    nodes,
    tensor_values: tensors,
    sym_int_values: {},
    sym_bool_values: {},
    is_single_tensor_return: outputs.length === 1,
    ...more,
  };
  const signature = {
    input_specs: specs,
    output_specs: outputs.map((name) => ({ user_output: { arg: tensor(name) } })),
  };
  return {
    graph_module: { graph, signature, module_call_graph: [] },
    opset_version: { aten: 10 },
    range_constraints: {},
    schema_version: { major: 8, minor: 20 },
    torch_version: '2.15.0',
  };
}

/** The archive of a program, or of any text in its place. */
export function archive(content: Json | string): Uint8Array {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  const entry = { name: 'net/models/model.json', content: new TextEncoder().encode(text) };
  return zipOf([{ name: 'net/archive_format', content: Buffer.from('pt2') }, entry]);
}
