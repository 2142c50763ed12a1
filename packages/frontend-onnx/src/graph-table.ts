import { quote } from '@nnmeter/ir';
import { NameTable } from '@nnmeter/model-source/protobuf';
import { IntList } from './int-list.ts';
import type {
  AttributeProto,
  FunctionProto,
  GraphProto,
  NodeProto,
  Optional,
  TypeProto,
  ValueInfoProto,
} from './model.ts';
import { NodeForm } from './node-form.ts';
import { StoredConstants } from './stored-constants.ts';
import type { TensorForms } from './tensor-form.ts';

/** More forms with one hash than chance brings are not shared, so that no file makes their search long. */
const MOST_ALIKE = 8;

interface NumberedForm {
  readonly parts: readonly number[];
  readonly form: NodeForm;
}

/**
 * A graph, branch or function body of a file as lists: nodes are positions, names are numbers in `names`, and what many
 * nodes have in common (op and attributes, declared types) is there once.
 */
export class GraphTable {
  name = '';
  readonly names = new NameTable();
  readonly inputs: ValueInfoProto[] = [];
  readonly outputs: number[] = [];
  readonly constants: StoredConstants;
  /** Types that the file states for tensors, by name. */
  readonly valueTypes: (TypeProto | undefined)[] = [];
  readonly outputTypes: (TypeProto | undefined)[] = [];
  /** By node. */
  readonly forms: NodeForm[] = [];
  readonly nodeNames = new IntList();
  /** What node i reads are the entries of `nodeInputs` from `inputStart[i]` to `inputStart[i + 1]`; 0 where it is left out. */
  readonly nodeInputs = new IntList();
  readonly inputStart = new IntList();
  readonly nodeOutputs = new IntList();
  readonly outputStart = new IntList();
  readonly attributes: AttributeProto[] = [];
  readonly #formsByHash = new Map<number, NumberedForm[]>();

  constructor(tensorForms: TensorForms) {
    this.constants = new StoredConstants(tensorForms);
    this.inputStart.push(0);
    this.outputStart.push(0);
  }

  get nodeCount(): number {
    return this.forms.length;
  }

  /**
   * Ends a node whose inputs and outputs are at the ends of the lists. `parts`: op, domain and overload by name, and attributes.
   * @param scopes the modules that it is in, as its metadata have them
   */
  endNode(name: number, parts: readonly number[], scopes: string): void {
    const module = innermostModule(scopes);
    this.forms.push(this.#formOf(parts));
    this.nodeNames.push(
      name === 0 || module === '' ? name : this.names.addText(`${module}/${this.names.text(name)}`),
    );
    this.inputStart.push(this.nodeInputs.length);
    this.outputStart.push(this.nodeOutputs.length);
  }

  #formOf(parts: readonly number[]): NodeForm {
    let hash = 0;
    for (const part of parts) hash = Math.imul(hash ^ part, 0x01000193) + 1;
    let alike = this.#formsByHash.get(hash);
    if (alike === undefined) {
      alike = [];
      this.#formsByHash.set(hash, alike);
    }
    for (const known of alike) if (equals(known.parts, parts)) return known.form;
    const [type, domain, overload] = parts.slice(0, 3).map((name) => this.names.text(name));
    const attributes = parts.slice(3).map((attribute) => this.attributes[attribute]!);
    const form = new NodeForm(type!, domain!, overload!, attributes);
    if (alike.length < MOST_ALIKE) alike.push({ parts: [...parts], form });
    return form;
  }

  /** A declared type of a tensor that has a name; of several the last holds. */
  declare(types: (TypeProto | undefined)[], name: number, type: Optional<TypeProto>): void {
    if (name === 0 || type == null) return;
    while (types.length < name) types.push(undefined);
    types[name] = type;
  }

  declaredType(name: number): TypeProto | undefined {
    return this.outputTypes[name] ?? this.valueTypes[name];
  }

  /** What the node reads, 0 where it is left out. */
  inputsOf(node: number): readonly number[] {
    return this.nodeInputs.slice(this.inputStart.items[node]!, this.inputStart.items[node + 1]!);
  }

  outputsOf(node: number): readonly number[] {
    return this.nodeOutputs.slice(this.outputStart.items[node]!, this.outputStart.items[node + 1]!);
  }

  /** 0 if it has none. */
  firstOutput(node: number): number {
    const first = this.outputStart.items[node]!;
    return first < this.outputStart.items[node + 1]! ? this.nodeOutputs.items[first]! : 0;
  }

  /** A node's name, or its first result's, and its op. */
  describe(node: number): string {
    const name = this.names.text(this.nodeNames.items[node]! || this.firstOutput(node));
    return `${quote(name)} (${quote(this.forms[node]!.type).slice(1, -1)})`;
  }
}

/** Metadata of nodes that name the modules around them, as PyTorch's exporter by torch.export writes them; it numbers the nodes. */
export const SCOPES_KEY = 'pkg.torch.onnx.name_scopes';

/** Of `['', 'layer1', 'layer1.0', 'conv2d_3']`, a Python list that ends with the node itself, `layer1.0`. */
function innermostModule(scopes: string): string {
  return scopes.split("'").at(-4) ?? '';
}

function equals(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** A graph that was decoded as an object. */
export function graphTable(graph: GraphProto, tensorForms: TensorForms): GraphTable {
  const table = new GraphTable(tensorForms);
  const { names, constants } = table;
  table.name = graph.name ?? '';
  addNodes(table, graph.node);
  for (const info of graph.input ?? []) addInput(table, info);
  for (const { name, type } of graph.output ?? []) {
    const number = names.addText(name ?? '');
    table.outputs.push(number);
    table.declare(table.outputTypes, number, type);
  }
  for (const { name, type } of graph.valueInfo ?? []) {
    table.declare(table.valueTypes, names.addText(name ?? ''), type);
  }
  for (const tensor of graph.initializer ?? []) {
    constants.add(names.addText(tensor.name ?? ''), tensor);
  }
  for (const tensor of graph.sparseInitializer ?? []) {
    constants.addSparse(names.addText(tensor.values?.name ?? ''), tensor);
  }
  return table;
}

/** The body of a function, which has no types and no stored constants. */
export function functionTable(fn: FunctionProto, tensorForms: TensorForms): GraphTable {
  const table = new GraphTable(tensorForms);
  addNodes(table, fn.node);
  for (const name of fn.input ?? []) addInput(table, { name });
  for (const name of fn.output ?? []) table.outputs.push(table.names.addText(name));
  return table;
}

function addInput(table: GraphTable, info: ValueInfoProto): void {
  table.names.addText(info.name ?? '');
  table.inputs.push(info);
}

function addNodes(table: GraphTable, nodes: Optional<readonly NodeProto[]>): void {
  const { names } = table;
  for (const node of nodes ?? []) {
    for (const input of node.input ?? []) table.nodeInputs.push(names.addText(input));
    for (const output of node.output ?? []) table.nodeOutputs.push(names.addText(output));
    const named = [node.opType, node.domain, node.overload].map((text) =>
      names.addText(text ?? ''),
    );
    const attributes = (node.attribute ?? []).map(
      (attribute) => table.attributes.push(attribute) - 1,
    );
    const scopes = (node.metadataProps ?? []).find(({ key }) => key === SCOPES_KEY)?.value ?? '';
    table.endNode(names.addText(node.name ?? ''), [...named, ...attributes], scopes);
  }
}
