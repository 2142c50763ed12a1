/** Writes NNI graphs in few lines, in the form in which NNI dumps a traced model. */

type Shape = readonly number[];
type Endpoint = string | readonly [node: string, slot: number | null];

export interface NodeOptions {
  readonly parameters?: Record<string, unknown>;
  readonly shapes?: { readonly in: readonly Shape[]; readonly out: readonly Shape[] };
  readonly cell?: string;
}

export class NniGraphBuilder {
  readonly nodes: Record<string, unknown> = {};
  readonly edges: unknown[] = [];
  readonly #inputs: readonly string[];

  constructor(...inputs: readonly string[]) {
    this.#inputs = inputs;
  }

  /** Adds a node that reads `from`, in slot order; a bare name means its only result. */
  node(name: string, type: string, from: readonly Endpoint[], options: NodeOptions = {}): this {
    const { parameters = {}, shapes, cell } = options;
    const recorded = shapes && { input_shape: shapes.in, output_shape: shapes.out };
    this.nodes[name] = {
      operation: {
        type,
        parameters: { ...parameters, ...recorded },
        ...(cell && { cell_name: cell }),
      },
    };
    for (const [slot, head] of from.entries()) this.edge(head, [name, slot]);
    return this;
  }

  constant(name: string, value: unknown): this {
    return this.node(name, 'prim::Constant', [], { parameters: { value } });
  }

  edge(head: Endpoint, tail: Endpoint): this {
    const endpoint = (end: Endpoint) => (typeof end === 'string' ? [end, null] : end);
    this.edges.push({ head: endpoint(head), tail: endpoint(tail) });
    return this;
  }

  toJSON(): Record<string, unknown> {
    return { inputs: this.#inputs, outputs: [], nodes: this.nodes, edges: this.edges };
  }
}

export const INPUT = ['_inputs', 0] as const;
export const OUTPUT = ['_outputs', null] as const;
export const TORCH = '__torch__.torch.nn.modules.';

/** A small network with a cell: conv, bn, relu, max pool | view by computed size, two linears, softmax. */
export function mnist(batch = 1): Record<string, unknown> {
  const image = [batch, 1, 28, 28];
  const features = [batch, 32, 24, 24];
  const pooled = [batch, 32, 12, 12];
  const stem = new NniGraphBuilder('x')
    .node('stem__conv', `${TORCH}conv.Conv2d`, [INPUT], {
      parameters: { in_channels: 1, out_channels: 32, kernel_size: 5 },
      shapes: { in: [image], out: [features] },
    })
    .node('stem__bn', `${TORCH}batchnorm.BatchNorm2d`, ['stem__conv'], {
      parameters: { num_features: 32 },
      shapes: { in: [features], out: [features] },
    })
    .node('stem__relu', `${TORCH}activation.ReLU`, ['stem__bn'], {
      shapes: { in: [features], out: [features] },
    })
    .node('stem__pool', `${TORCH}pooling.MaxPool2d`, ['stem__relu'], {
      parameters: { kernel_size: 2 },
      shapes: { in: [features], out: [pooled] },
    })
    .edge('stem__pool', OUTPUT);
  const root = new NniGraphBuilder('image')
    .node('stem', '_cell', [INPUT], { cell: 'stem_graph' })
    .constant('zero', 0)
    .constant('minus_one', -1)
    .node('size', 'aten::size', ['stem', 'zero'])
    .node('dims', 'prim::ListConstruct', ['size', 'minus_one'])
    .node('view', 'aten::view', ['stem', 'dims'], {
      shapes: { in: [pooled], out: [[batch, 4608]] },
    })
    .node('fc1', `${TORCH}linear.Linear`, ['view'], {
      parameters: { in_features: 4608, out_features: 128 },
      shapes: { in: [[batch, 4608]], out: [[batch, 128]] },
    })
    .node('dropout', `${TORCH}dropout.Dropout`, ['fc1'], {
      parameters: { p: 0.5 },
      shapes: { in: [[batch, 128]], out: [[batch, 128]] },
    })
    .node('fc2', `${TORCH}linear.Linear`, ['dropout'], {
      parameters: { in_features: 128, out_features: 10, bias: false },
      shapes: { in: [[batch, 128]], out: [[batch, 10]] },
    })
    .node('softmax', 'Function.softmax', ['fc2', 'minus_one'], {
      shapes: { in: [[batch, 10]], out: [[batch, 10]] },
    })
    .edge('softmax', OUTPUT);
  return { stem_graph: stem, _model: root, _training_config: { module: 'anything' } };
}
