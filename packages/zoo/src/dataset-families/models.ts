import { type Graph, NnMeterError } from '@nnmeter/ir';
import {
  type DatasetFamily,
  type DatasetModelOptions,
  type FamilyConfiguration,
  type FamilyNetwork,
  readConfiguration,
} from './configuration.ts';
import { mnasnet, mobilenetv2, mobilenetv3s, proxylessnas } from './inverted-residual.ts';
import { alexnet, googlenet, mobilenetv1, squeezenet, vggs } from './plain.ts';
import { densenet, resnets } from './residual.ts';
import { shufflenetv2 } from './shufflenetv2.ts';
import { TfBuilder } from './tf-builder.ts';

const FAMILIES: ReadonlyMap<string, FamilyNetwork> = new Map(
  [
    alexnet,
    densenet,
    googlenet,
    mnasnet,
    mobilenetv1,
    mobilenetv2,
    ...mobilenetv3s,
    proxylessnas,
    ...resnets,
    shufflenetv2,
    squeezenet,
    ...vggs,
  ].map((family) => [family.name, family]),
);

/** The 18 base networks of the benchmark dataset with the lists they vary by and the numbers of index 0. */
export function datasetFamilies(): DatasetFamily[] {
  return [...FAMILIES.values()].map(({ name, lists, base }) => ({ name, lists, base }));
}

/**
 * A network of the nn-Meter benchmark dataset from its configuration: lists by name, or the dataset's textual form
 * (`3_3_5_5_7-19_153_460_230_281_3276_2867`). Without a configuration, the family's base network. Lists may be longer
 * than what the network uses.
 * @throws NnMeterError E_UNKNOWN_MODEL, E_INVALID_INPUT.
 */
export function buildDatasetModel(
  family: string,
  configuration?: FamilyConfiguration | string,
  options: DatasetModelOptions = {},
): Graph {
  const found = FAMILIES.get(family);
  if (found === undefined) {
    throw new NnMeterError(
      'E_UNKNOWN_MODEL',
      `no benchmark family is called "${family.slice(0, 80)}"; there are ${[...FAMILIES.keys()].join(', ')}`,
    );
  }
  const { name = family, inputShape = [1, 224, 224, 3], classes = 1000 } = options;
  const tf = new TfBuilder(name, inputShape);
  const body = found.body(tf, readConfiguration(found, configuration ?? found.base));
  return tf.finish(tf.fc(body, classes));
}
