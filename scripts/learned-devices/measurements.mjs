// What is measured of devices that are learned from known ones: networks, settings and times of kernels in ../shared.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { KIND } from '@nnmeter/latency-model';
import { graphOf, KernelCollector } from '@nnmeter/training';

/** Models of a file, one JSON text a line. */
function readLines(path) {
  return gunzipSync(readFileSync(path)).toString().trim().split('\n').map(JSON.parse);
}

/** Networks as a known device with these rules and terms runs them: ids, families, kernels, and ms by column. */
export function readNetworks(shared, file, rules, terms) {
  const collector = new KernelCollector(rules, terms);
  const models = readLines(join(shared, file)).map(({ id, graph, ...columns }) => {
    collector.add(graphOf(graph, id));
    return { id, columns };
  });
  return {
    ids: models.map(({ id }) => id),
    families: models.map(({ id }) => architectureOf(id)),
    set: collector.finish(),
    /** @param without beginnings of names of networks that were measured as others than their graphs */
    measured: (column, without = []) =>
      Float64Array.from(models, ({ id, columns }) =>
        without.some((name) => id.startsWith(`timm_${name}`))
          ? Number.NaN
          : (columns[column] ?? Number.NaN),
      ),
  };
}

/** Variants of one architecture that differ in width, depth or where a stride stands are one family. */
const ONE_ARCHITECTURE = {
  fdmobilenet: 'mobilenet',
  mobilenetb: 'mobilenet',
  mobilenetv2b: 'mobilenetv2',
};

/** `resnet` of `qed_resnetbc14b`, `mobilenet` of `qed_fdmobilenet_wd2`, `regnetx` of `qed_regnetx002`, `resnext` of `timm_resnext50d_32x4d@224`. */
export function architectureOf(id) {
  const name = id.replace(/^(qed|timm)_/, '').replace(/[_@].*/, '');
  const one = ONE_ARCHITECTURE[name] ?? name;
  if (/v\d$/.test(one)) return one;
  return one.replace(/(?<=resnet)(bc)?\d+b?$/, '').replace(/(?<=[a-z])\d+(?:d|t|ts|w)?$/, '');
}

/**
 * ms of kernels by a profile, for the entries of a set that it names by their configuration.
 * @param column of the file
 */
export function readKernelTimes(shared, { file, column }, { ids, set }) {
  const byModel = new Map();
  for (const line of readLines(join(shared, file)))
    byModel.set(line.model, [...(byModel.get(line.model) ?? []), line]);
  const kernelMs = new Float64Array(set.kernelIndex.length).fill(Number.NaN);
  for (const [model, id] of ids.entries()) {
    const times = new Map();
    for (const { op, feature, [column]: us } of byModel.get(id.replace(/^qed_/, '')) ?? []) {
      const key = profiledKey(op, feature);
      if (key === undefined || !(us > 0)) continue;
      times.set(key, [...(times.get(key) ?? []), Math.log(us / 1e3)]);
    }
    for (let entry = set.modelStart[model]; entry < set.modelStart[model + 1]; entry++) {
      const logarithms = times.get(keyOf(set.kernels[set.kernelIndex[entry]]));
      if (logarithms === undefined) continue;
      const sum = logarithms.reduce((total, each) => total + each, 0);
      kernelMs[entry] = Math.exp(sum / logarithms.length);
    }
  }
  return kernelMs;
}

function profiledKey(op, feature) {
  const [out, channels, filters, window, stride, groups] = [
    'Output_shape',
    'Input_channel',
    'Filter',
    'Kernel',
    'Stride',
    'Group',
  ].map((name) => Number(feature[name]));
  switch (op) {
    case 'CONV_2D':
    case 'CONV_2D_GROUP':
      return ['conv', out, channels, filters, window, stride, groups].join();
    case 'DEPTHWISE_CONV_2D':
      return ['dwconv', out, channels, window, stride].join();
    case 'FULLY_CONNECTED':
      return ['fc', channels, filters].join();
    case 'MAX_POOL_2D':
    case 'AVERAGE_POOL_2D':
      return ['pool', out, channels, window, stride].join();
    case 'MEAN':
      return ['gap', Number(feature.Input_shape), channels].join();
    default:
      return undefined;
  }
}

function keyOf(k) {
  switch (k.kind) {
    case KIND.conv:
      return [
        'conv',
        k.outHeight,
        k.channels,
        k.outChannels,
        k.kernelHeight,
        k.strideHeight,
        k.groups,
      ].join();
    case KIND.dwconv:
      return ['dwconv', k.outHeight, k.channels, k.kernelHeight, k.strideHeight].join();
    case KIND.fc:
      return ['fc', k.channels, k.outChannels].join();
    case KIND.maxpool:
    case KIND.avgpool:
      return ['pool', k.outHeight, k.channels, k.kernelHeight, k.strideHeight].join();
    case KIND.gap:
      return ['gap', k.height, k.channels].join();
    default:
      return undefined;
  }
}
