import { NnMeterError, quote } from '@nnmeter/ir';
import type { LatencyPredictor } from '@nnmeter/predictor';
import { makeDivisible } from '@nnmeter/zoo';
import type { ChoiceValue, Sample } from './choices.ts';
import { compileSpace } from './compile.ts';
import type { LatencyTable, TableTerm } from './latency-table.ts';
import { narrowSpace, type SearchSpace } from './space.ts';
import * as ofa from './spaces/ofa-mbv3.ts';
import * as proxyless from './spaces/proxylessnas.ts';

/** Key -> ms. */
type Entries = Map<string, number>;

/** To check a table on. */
const CANDIDATES = 50;

/** What two entries of one key may differ by, relative to the network, ms a ms. */
const TOLERANCE = 1e-9;

/**
 * The latencies of ofa-mbv3 (for one side of the image) or proxylessnas on a device as a table in YAML that Once-for-All's
 * `MBv3LatencyTable` or `ProxylessNASLatencyTable` reads.
 * @throws NnMeterError E_INVALID_INPUT for other spaces, images that are not square, and devices whose latencies are no sums
 */
export async function ofaLatencyTable(
  space: SearchSpace,
  predictor: LatencyPredictor,
): Promise<string> {
  const [, , height = 0, width = 0] = space.input;
  if (height !== width)
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `Once-for-All's tables are of square images, not of ${height}x${width}`,
    );
  requireSums("Once-for-All's", [predictor]);
  const entries = await entriesOf(space, predictor, height);
  const lines = [...entries]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, ms]) => `${key}: {count: 1, mean: ${ms}, std: 0.0}\n`);
  return lines.join('');
}

/**
 * The latencies of a space of independent choices as the JSON that NNI's ProxylessNAS example reads
 * (`HardwareLatencyEstimator`), an element for each device.
 * @throws NnMeterError E_INVALID_INPUT if choices depend on each other, or latencies are no sums, which that format cannot say
 */
export function nniLatencyTable({ space, choices, devices, base, terms }: LatencyTable): string {
  requireSums("NNI's", devices);
  const together = terms.find(({ labels }) => labels.length > 1)?.labels;
  const conditional = Object.keys(choices).find((label) => choices[label]!.when !== undefined);
  if (together !== undefined || conditional !== undefined) {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `NNI's latency tables cannot hold space ${quote(space.name)}: ${
        together
          ? `${together.join(' and ')} decide together`
          : `${conditional} is not always there`
      }`,
      { hint: 'write the table in its own format' },
    );
  }
  const elements = devices.map(({ name }, device) => ({
    applied_hardware: name,
    latency_table: {
      ...Object.fromEntries(terms.map(({ labels, ms }) => [labels[0]!, { ...ms[device]! }])),
      stationary_block: { root: base.ms[device]! },
    },
  }));
  return `${JSON.stringify(elements, null, 1)}\n`;
}

/** @throws NnMeterError E_INVALID_INPUT for a device whose latencies are more than the sum of their parts */
function requireSums(
  whose: string,
  devices: readonly Pick<LatencyPredictor, 'name' | 'reloads'>[],
): void {
  const device = devices.find(({ reloads }) => reloads !== undefined);
  if (device === undefined) return;
  throw new NnMeterError(
    'E_INVALID_INPUT',
    `${whose} latency tables are sums, but ${device.name} reads weights again that its caches do not hold`,
    { hint: 'write the table in its own format' },
  );
}

async function entriesOf(
  space: SearchSpace,
  predictor: LatencyPredictor,
  side: number,
): Promise<Entries> {
  if (space.name === ofa.ofaMbv3.name) {
    const fixed = narrowSpace(space, { resolution: [side] });
    return blockEntries(fixed, predictor, OFA, side);
  }
  if (space.name === proxyless.proxylessnas.name)
    return blockEntries(space, predictor, PROXYLESS, side);
  throw new NnMeterError(
    'E_INVALID_INPUT',
    `Once-for-All has no table for space ${quote(space.name)}`,
    {
      hint: `it has tables for ${ofa.ofaMbv3.name} and ${proxyless.proxylessnas.name}`,
    },
  );
}

/** A block as keys describe it. */
interface KeyedBlock {
  /** What the labels of its choices begin with. */
  readonly block: string;
  readonly channels: number;
  readonly stride: number;
  /** What the key says of the inside of the block. */
  inside(channelsBefore: number): readonly string[];
}

interface KeyedSpace {
  blocks(sample: Sample): readonly KeyedBlock[];
  /** Channels that the first block with choices reads, and leaves of the head: 160 or 320. */
  readonly first: number;
  /** Keys of what is always there, by the name of the part in node names. */
  parts(side: number, last: { side: number; channels: number }): Readonly<Record<string, string>>;
}

const flag = (value: boolean): number => (value ? 1 : 0);

const OFA: KeyedSpace = {
  first: ofa.FIRST,
  blocks: (sample) =>
    ofa.ofaBlocks(sample).map((each) => ({
      ...each,
      inside: (before) => [
        `expand:${makeDivisible(before * each.ratio)}`,
        `kernel:${each.kernel}`,
        `stride:${each.stride}`,
        `idskip:${flag(each.stride === 1 && before === each.channels)}`,
        `se:${flag(each.squeeze)}`,
        `hs:${flag(each.activation === 'hswish')}`,
      ],
    })),
  parts: (side, last) => {
    const half = halved(side);
    const wide = shape(last.side, ofa.EXPANDED);
    return {
      Conv: keyOf('Conv', shape(side, 3), shape(half, ofa.FIRST)),
      expanded_conv: keyOf('expanded_conv', shape(half, ofa.FIRST), shape(half, ofa.FIRST), [
        ...[`expand:${ofa.FIRST}`, 'kernel:3', 'stride:1', 'idskip:1', 'se:0', 'hs:0'],
      ]),
      Conv_1: keyOf('Conv_1', shape(last.side, last.channels), wide),
      AvgPool2D: keyOf('AvgPool2D', wide, shape(1, ofa.EXPANDED)),
      Conv_2: keyOf('Conv_2', shape(1, ofa.EXPANDED), shape(1, ofa.HEAD)),
      Logits: keyOf('Logits', shape(1, ofa.HEAD), String(ofa.CLASSES)),
    };
  },
};

const PROXYLESS: KeyedSpace = {
  first: proxyless.FIRST,
  blocks: (sample) =>
    proxyless.proxylessBlocks(sample).map((each) => ({
      ...each,
      block: each.label,
      inside: () => [
        `expand:${each.ratio}`,
        `kernel:${each.kernel}`,
        `stride:${each.stride}`,
        `idskip:${flag(!each.label.endsWith('_i0'))}`,
      ],
    })),
  parts: (side, last) => {
    const half = halved(side);
    return {
      Conv: keyOf('Conv', shape(side, 3), shape(half, proxyless.STEM)),
      expanded_conv: keyOf(
        'expanded_conv',
        shape(half, proxyless.STEM),
        shape(half, proxyless.FIRST),
        ['expand:1', 'kernel:3', 'stride:1', 'idskip:0'],
      ),
      Conv_1: keyOf('Conv_1', shape(last.side, last.channels), shape(last.side, proxyless.HEAD)),
      Logits: keyOf('Logits', shape(last.side, proxyless.HEAD), String(proxyless.CLASSES)),
    };
  },
};

/** An entry for every block of the space with every value of its choices, and for what is always there. */
async function blockEntries(
  space: SearchSpace,
  predictor: LatencyPredictor,
  keyed: KeyedSpace,
  side: number,
): Promise<Entries> {
  const table = await compileSpace(space, [predictor], { candidates: CANDIDATES });
  const { choices } = space;
  const deepest = choices.decode(choices.complete());
  const entries: Entries = new Map();
  const [baseMs = 0] = table.base.ms;
  const enter = (key: string, ms: number): void => {
    const known = entries.get(key);
    if (known !== undefined && Math.abs(known - ms) > TOLERANCE * baseMs)
      throw new NnMeterError(
        'E_INVALID_INPUT',
        `blocks of the key ${key} have two latencies on ${predictor.name}`,
      );
    entries.set(key, known ?? ms);
  };
  let at = { side: halved(side), channels: keyed.first };
  for (const [index, { block, channels, stride }] of keyed.blocks(deepest).entries()) {
    const next = { side: stride === 2 ? halved(at.side) : at.side, channels };
    const labels = choices.labels.filter(
      (label) => label === block || label.startsWith(`${block}_`),
    );
    for (const values of combinations(labels.map((label) => choices.choices[label]!.values))) {
      const chosen = Object.fromEntries(labels.map((label, place) => [label, values[place]!]));
      const sample = { ...deepest, ...chosen };
      const inside = keyed.blocks(sample)[index]!.inside(at.channels);
      const key = keyOf(
        'expanded_conv',
        shape(at.side, at.channels),
        shape(next.side, channels),
        inside,
      );
      enter(key, entryMs(table, sample, labels));
    }
    at = next;
  }
  const parts = keyed.parts(side, at);
  let rest = baseMs;
  const graph = space.build(deepest);
  for (const { nodes, latencyMs } of predictor.predictGraph(graph).kernels) {
    const part = nodes[0]!.split('/', 1)[0]!;
    const key = parts[part];
    if (key === undefined || part === 'Conv') continue;
    entries.set(key, (entries.get(key) ?? 0) + latencyMs);
    rest -= latencyMs;
  }
  // With the start of the network.
  entries.set(parts.Conv!, rest);
  return entries;
}

/** What the terms of a block's labels say of a sample, ms. @throws NnMeterError E_INVALID_INPUT for terms of other labels too */
function entryMs(table: LatencyTable, sample: Sample, labels: readonly string[]): number {
  const isFixed = (label: string): boolean => table.choices[label]!.values.length === 1;
  const terms = table.terms.filter((term) => term.labels.some((label) => labels.includes(label)));
  const other = terms
    .flatMap((term) => term.labels)
    .find((label) => !labels.includes(label) && !isFixed(label));
  if (other !== undefined)
    throw new NnMeterError(
      'E_INVALID_INPUT',
      `${labels.join(', ')} do not cost by themselves what they cost: ${other} matters`,
    );
  return terms.reduce((sum, term) => sum + term.ms[0]![placeOf(term, table, sample)]!, 0);
}

function placeOf({ labels }: TableTerm, { choices }: LatencyTable, sample: Sample): number {
  return labels.reduce((place, label) => {
    const { values } = choices[label]!;
    return place * values.length + values.indexOf(sample[label]!);
  }, 0);
}

function combinations(lists: readonly (readonly ChoiceValue[])[]): ChoiceValue[][] {
  return lists.reduce<ChoiceValue[][]>(
    (found, values) => found.flatMap((start) => values.map((value) => [...start, value])),
    [[]],
  );
}

function halved(side: number): number {
  return Math.ceil(side / 2);
}

function shape(side: number, channels: number): string {
  return `${side}x${side}x${channels}`;
}

function keyOf(
  type: string,
  input: string,
  output: string,
  inside: readonly string[] = [],
): string {
  return [type, `input:${input}`, `output:${output}`, ...inside].join('-');
}
