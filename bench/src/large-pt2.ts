import { SparseFile, WEIGHT_BYTES, WIDTH } from './sparse-file.ts';

// A large archive of torch.export whose weights are holes: a chain of linear layers with 16 MiB weights.

interface Entry {
  readonly name: Uint8Array;
  readonly start: number;
  readonly size: number;
}

const LOCAL_HEADER = 0x04034b50;
const DIRECTORY_ENTRY = 0x02014b50;
const DIRECTORY_END = 0x06054b50;

/** Numbers of 2 and 4 bytes, as `[bytes, value]`, behind each other. */
function numbers(...fields: readonly (readonly [bytes: 2 | 4, value: number])[]): number[] {
  return fields.flatMap(([bytes, value]) =>
    Array.from({ length: bytes }, (_, at) => Math.floor(value / 256 ** at) % 256),
  );
}

/** Version, flags, method (stored), time, date, checksum (not given), both sizes, lengths of the name and of extra fields. */
function facts({ name, size }: Entry): number[] {
  return numbers(
    [2, 20],
    [2, 0],
    [2, 0],
    [2, 0],
    [2, 0],
    [4, 0],
    [4, size],
    [4, size],
    [2, name.length],
    [2, 0],
  );
}

/** An archive of entries that are stored as they are. */
class ZipFile {
  readonly #file: SparseFile;
  readonly #entries: Entry[] = [];

  constructor(path: string) {
    this.#file = new SparseFile(path);
  }

  /** Adds an entry of bytes, or of so many that mean nothing. */
  add(name: string, content: Uint8Array | number): void {
    const size = typeof content === 'number' ? content : content.length;
    const entry = { name: Buffer.from(name), start: this.#file.size, size };
    this.#file.write([...numbers([4, LOCAL_HEADER]), ...facts(entry), ...entry.name]);
    if (typeof content === 'number') this.#file.skip(content);
    else this.#file.write(content);
    this.#entries.push(entry);
  }

  close(): void {
    const start = this.#file.size;
    for (const entry of this.#entries) {
      this.#file.write([
        ...numbers([4, DIRECTORY_ENTRY], [2, 20]),
        ...facts(entry),
        ...numbers([2, 0], [2, 0], [2, 0], [4, 0], [4, entry.start]),
        ...entry.name,
      ]);
    }
    const count = this.#entries.length;
    this.#file.write(
      numbers(
        ...([
          [4, DIRECTORY_END],
          [2, 0],
          [2, 0],
          [2, count],
          [2, count],
          [4, this.#file.size - start],
          [4, start],
          [2, 0],
        ] as const),
      ),
    );
    this.#file.close();
  }
}

/** Writes an archive of torch.export. @returns its number of linear layers */
export function writePt2(path: string, bytes: number): number {
  const layers = Math.ceil(bytes / WEIGHT_BYTES);
  const zip = new ZipFile(path);
  zip.add('model/archive_format', Buffer.from('pt2'));
  zip.add('model/models/model.json', Buffer.from(JSON.stringify(program(layers))));
  for (let layer = 0; layer < layers; layer++)
    zip.add(`model/data/weights/weight_${layer}`, WEIGHT_BYTES);
  zip.close();
  return layers;
}

/** The parts of a program that say what is computed, as torch 2.15 writes them. */
function program(layers: number): object {
  const tensor = (name: string) => ({ as_tensor: { name } });
  const meta = (...sizes: readonly number[]) => ({
    dtype: 7,
    sizes: sizes.map((size) => ({ as_int: size })),
  });
  const result = (layer: number) => (layer < 0 ? 'x' : `linear_${layer}`);
  const all = Array.from({ length: layers }, (_, layer) => layer);
  const last = result(layers - 1);
  const graph = {
    inputs: [...all.map((layer) => tensor(`p_${layer}_weight`)), tensor('x')],
    outputs: [tensor(last)],
    nodes: all.map((layer) => ({
      target: 'torch.ops.aten.linear.default',
      inputs: [
        { name: 'input', arg: tensor(result(layer - 1)), kind: 1 },
        { name: 'weight', arg: tensor(`p_${layer}_weight`), kind: 1 },
      ],
      outputs: [tensor(result(layer))],
      metadata: {},
    })),
    tensor_values: Object.fromEntries([
      ['x', meta(1, WIDTH)],
      ...all.flatMap((layer) => [
        [`p_${layer}_weight`, meta(WIDTH, WIDTH)],
        [result(layer), meta(1, WIDTH)],
      ]),
    ]),
    sym_int_values: {},
    sym_bool_values: {},
    is_single_tensor_return: true,
  };
  const signature = {
    input_specs: [
      ...all.map((layer) => ({
        parameter: { arg: { name: `p_${layer}_weight` }, parameter_name: `${layer}.weight` },
      })),
      { user_input: { arg: tensor('x') } },
    ],
    output_specs: [{ user_output: { arg: tensor(last) } }],
  };
  return {
    graph_module: { graph, signature, module_call_graph: [] },
    opset_version: { aten: 10 },
    range_constraints: {},
    schema_version: { major: 8, minor: 20 },
    torch_version: '2.15.0',
  };
}
