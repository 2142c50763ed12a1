import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { frontend } from '@nnmeter/frontend-onnx';
import type { Graph } from '@nnmeter/ir';
import { detectNnMeterKernels, nnMeterFeatures } from '@nnmeter/nn-meter-predictors';
import { benchFiles, hasShared, readBench, sharedPath } from '../../../../tests/support/shared.ts';
import { deviceRules } from '../../../kernel-detect/test/support/rules.ts';

/** The original's own answer for one graph and one device. */
interface Expected {
  readonly kernels: readonly { op: string; name: string; inputs: readonly string[] }[];
  /** Of the kernels it can cost, in the order of `kernels`. */
  readonly features: readonly { op: string; x: readonly number[] }[];
}

interface Case {
  readonly model: string;
  readonly source: 'bench' | 'onnx';
  readonly expected: Record<keyof typeof deviceRules, Expected>;
}

interface LabelledKernel {
  readonly label: string;
  readonly inputs: readonly number[];
}

/** Kernels of the original, labelled by name and features. */
function expectedKernels({ kernels, features }: Expected): LabelledKernel[] {
  const index = new Map(kernels.map((kernel, at) => [kernel.name, at]));
  let next = 0;
  return kernels.map(({ op, inputs }) => {
    const own = features[next]?.op === op ? features[next++] : undefined;
    return {
      label: `${op} ${JSON.stringify(own?.x)}`,
      inputs: inputs.map((name) => index.get(name)!),
    };
  });
}

function ourKernels(graph: Graph, device: keyof typeof deviceRules): LabelledKernel[] {
  return detectNnMeterKernels(graph, deviceRules[device].official!).map((kernel) => ({
    label: `${kernel.name} ${JSON.stringify(nnMeterFeatures(kernel))}`,
    inputs: kernel.inputKernels,
  }));
}

/**
 * Describes every kernel by its label and, in ever wider circles, those of its neighbours, so that two lists are equal
 * if their kernels are connected alike, in whatever order.
 */
function describeKernels(kernels: readonly LabelledKernel[], ids: Map<string, number>): number[] {
  const id = (text: string): number => {
    if (!ids.has(text)) ids.set(text, ids.size);
    return ids.get(text)!;
  };
  const readers: number[][] = kernels.map(() => []);
  kernels.forEach(({ inputs }, at) => {
    for (const input of inputs) readers[input]!.push(at);
  });
  let colours = kernels.map(({ label }) => id(label));
  for (let round = 0; round < kernels.length; round++) {
    const around = (list: readonly number[]) => list.map((at) => colours[at]!).sort();
    colours = kernels.map(({ inputs }, at) =>
      id(`${colours[at]}<${around(inputs)}>${around(readers[at]!)}`),
    );
  }
  return colours.sort((one, other) => one - other);
}

async function readGraph({ model, source }: Case): Promise<Graph> {
  if (source === 'onnx') return frontend.fileToGraph(sharedPath(`models/onnx/${model}`));
  const file = benchFiles.find((name) => model.startsWith(name))!;
  const [found] = await readBench(file, 1, (id) => id === model);
  return readNnMeterIr(found!.graph);
}

const cases: Case[] = hasShared
  ? readdirSync(sharedPath('parity')).map((file) =>
      JSON.parse(readFileSync(sharedPath(`parity/${file}`), 'utf8')),
    )
  : [];

describe('nn-Meter mode equals nn-Meter 2.0', () => {
  if (!hasShared) test.skip('30 graphs on 3 devices (skipped: ../shared absent)', () => {});

  for (const parity of cases) {
    test(parity.model, async () => {
      const graph = await readGraph(parity);
      const devices = Object.keys(parity.expected) as (keyof typeof deviceRules)[];
      expect(devices).toHaveLength(3);
      for (const device of devices) {
        const expected = expectedKernels(parity.expected[device]);
        const ours = ourKernels(graph, device);
        expect(ours.map(({ label }) => label).sort()).toEqual(
          expected.map(({ label }) => label).sort(),
        );
        const ids = new Map<string, number>();
        expect(describeKernels(ours, ids)).toEqual(describeKernels(expected, ids));
      }
    });
  }
});
