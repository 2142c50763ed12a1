import { NnMeterError, type Shape, type ShapedTensor } from '@nnmeter/ir';
import type { TfBuilder } from './tf-builder.ts';

/** A family's numbers by the names in its `lists`, e.g. `{ kernels: [3, 3, 5], widths: [19, 153, 460] }`. */
export type FamilyConfiguration = Readonly<Record<string, readonly number[]>>;

/** A base network of the benchmark dataset and how it varies. */
export interface DatasetFamily {
  /** The base network, as the dataset's ids start: `alexnet`, `resnet18`, `mobilenetv3large`. */
  readonly name: string;
  /** Names of the lists, in the order of the textual form. */
  readonly lists: readonly string[];
  /** The base network's numbers. */
  readonly base: FamilyConfiguration;
}

/** A base network that can be built. */
export interface FamilyNetwork extends DatasetFamily {
  /** Everything up to the classifier; gets lists of at least the base's length. */
  readonly body: (tf: TfBuilder, configuration: FamilyConfiguration) => ShapedTensor;
}

export interface DatasetModelOptions {
  /** Name of the graph; default: the family's. */
  readonly name?: string;
  /** [batch, height, width, channels]; default [1, 224, 224, 3], as everywhere in the dataset. */
  readonly inputShape?: Shape;
  /** Number of classes; default 1000. */
  readonly classes?: number;
}

/**
 * Reads the dataset's textual form, `3_3_5-64_128_256-1_6_6`: lists separated by `-`, numbers by `_`; checks that every
 * list is there and long enough.
 * @throws NnMeterError E_INVALID_INPUT naming family and list.
 */
export function readConfiguration(
  family: DatasetFamily,
  configuration: FamilyConfiguration | string,
): FamilyConfiguration {
  const lists = typeof configuration === 'string' ? parse(family, configuration) : configuration;
  for (const name of family.lists) {
    const needed = family.base[name]!.length;
    const numbers = lists[name];
    const fits =
      numbers !== undefined &&
      numbers.length >= needed &&
      numbers.every((number) => Number.isFinite(number) && number > 0);
    if (!fits) {
      throw new NnMeterError(
        'E_INVALID_INPUT',
        `configuration of ${family.name}: "${name}" must be ${needed} positive numbers`,
      );
    }
  }
  return lists;
}

function parse(family: DatasetFamily, text: string): FamilyConfiguration {
  const parts = text.split('-');
  return Object.fromEntries(
    family.lists.map((name, index) => [name, (parts[index] ?? '').split('_').map(Number)]),
  );
}
