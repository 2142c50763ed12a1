import { type Graph, NnMeterError, quote, type ReadOptions, type Shape } from '@nnmeter/ir';
import type { Frontend } from '@nnmeter/model-source';
import { distance } from 'fastest-levenshtein';
import { catalog } from './catalog.ts';
import { facts } from './generated/facts.ts';
import type { NetworkOptions } from './torch/options.ts';

/** Short names that nn-Meter and its users' guides use. */
const ALIASES: Readonly<Record<string, string>> = {
  squeezenet: 'squeezenet1_0',
  shufflenet_v2: 'shufflenet_v2_x1_0',
  mnasnet: 'mnasnet1_0',
  resnet: 'resnet18',
  vgg: 'vgg16',
  densenet: 'densenet161',
  inception: 'inception_v3',
  resnext: 'resnext50_32x4d',
  wide_resnet: 'wide_resnet50_2',
};

/** torchvision's names, sorted; nn-Meter's short names (`squeezenet`, `mnasnet`, ...) are understood besides. */
export function modelNames(): string[] {
  return Object.keys(catalog).sort();
}

/**
 * A torchvision 0.14 classification network by name, as PyTorch exports it for inference.
 * @throws NnMeterError E_UNKNOWN_MODEL with the nearest name; E_SHAPE if the input shape does not suit the network.
 */
export function buildModel(name: string, options: NetworkOptions = {}): Graph {
  const canonical = name.toLowerCase().replaceAll('-', '_');
  const key = ALIASES[canonical] ?? canonical;
  if (!Object.hasOwn(catalog, key)) {
    const nearest = nearestNames(canonical, [...modelNames(), ...Object.keys(ALIASES)]);
    throw new NnMeterError(
      'E_UNKNOWN_MODEL',
      `no torchvision network is called "${name.slice(0, 80)}"; did you mean ${nearest.join(' or ')}?`,
    );
  }
  return catalog[key]!({ name: key, ...options });
}

/** The names with the smallest edit distance, three at most. */
function nearestNames(name: string, candidates: readonly string[]): string[] {
  const wanted = name.slice(0, 80);
  const distances = candidates.map((candidate) => distance(wanted, candidate));
  const smallest = Math.min(...distances);
  return candidates.filter((_, index) => distances[index] === smallest).slice(0, 3);
}

function fromName(model: string, { name, inputShapes }: ReadOptions): Graph {
  const inputShape = inputShapes === undefined ? undefined : onlyShape(inputShapes);
  return buildModel(model, {
    ...(name === undefined ? {} : { name }),
    ...(inputShape === undefined ? {} : { inputShape }),
  });
}

function onlyShape(inputShapes: NonNullable<ReadOptions['inputShapes']>): Shape | undefined {
  if (Array.isArray(inputShapes)) return inputShapes as Shape;
  const { input, ...others } = inputShapes as Readonly<Record<string, Shape>>;
  const unknown = Object.keys(others)[0];
  if (unknown === undefined) return input;
  throw new NnMeterError(
    'E_INVALID_INPUT',
    `there is no input ${quote(unknown)} to give a shape; a torchvision network has one input, "input"`,
  );
}

/** Builds torchvision networks by name. */
export const frontend: Frontend = {
  ...facts,
  matches: () => 0,
  read: () => {
    throw new NnMeterError(
      'E_INVALID_INPUT',
      'a torchvision network is given by its name, e.g. "resnet18"',
    );
  },
  fromName,
};
