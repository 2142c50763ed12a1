import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { readOnnxFile } from '@nnmeter/frontend-onnx';
import type { Graph } from '@nnmeter/ir';
import { detectNnMeterKernels, nnMeterFeatures } from '@nnmeter/nn-meter-predictors';
import { hasShared, sharedPath } from '../../../../tests/support/shared.ts';
import { deviceRules } from '../../../kernel-detect/test/support/rules.ts';
import { readFixture } from '../support/fixtures.ts';
import { graphInFile, parityGraphs, rebuiltGraph } from '../support/parity-graphs.ts';

const whenShared = hasShared ? test : test.skip;

/** The original's own answer for one graph and one device. */
interface Expected {
  readonly kernels: readonly { op: string; name: string; inputs: readonly string[] }[];
  /** Of the kernels it can cost, in the order of `kernels`. */
  readonly features: readonly { op: string; x: readonly number[] }[];
}

type Device = keyof typeof deviceRules;

interface Case {
  readonly expected: Record<Device, Expected>;
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
      inputs: [...new Set(inputs)].map((name) => index.get(name)!),
    };
  });
}

function ourKernels(graph: Graph, device: Device): LabelledKernel[] {
  return detectNnMeterKernels(graph, deviceRules[device].official!).map((kernel) => ({
    label: `${kernel.name} ${JSON.stringify(nnMeterFeatures(kernel))}`,
    inputs: kernel.inputKernels,
  }));
}

/**
 * Labels every kernel with all it is computed from, then with all that is computed from it, so that two lists have the
 * same digest if their kernels are connected alike, in whatever order.
 */
function digestOf(kernels: readonly LabelledKernel[]): string {
  const readers: number[][] = kernels.map(() => []);
  kernels.forEach(({ inputs }, at) => {
    for (const input of inputs) readers[input]!.push(at);
  });
  const above = along(
    kernels.map(({ inputs }) => inputs),
    kernels.map(({ label }) => label),
  );
  return sha256(along(readers, above).sort().join());
}

/** A digest of each label with those of all that is reached by the edges. */
function along(edges: readonly (readonly number[])[], labels: readonly string[]): string[] {
  const found: string[] = [];
  const visit = (at: number): string => {
    found[at] ??= sha256(`${labels[at]}<${edges[at]!.map(visit).sort()}>`);
    return found[at];
  };
  return labels.map((_, at) => visit(at));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

describe('nn-Meter mode equals nn-Meter 2.0', () => {
  test.each(Object.entries(parityGraphs))('%s, rebuilt', (name, { kernels }) => {
    const graph = rebuiltGraph(name);
    expect(Object.keys(kernels)).toHaveLength(3);
    const ours = Object.keys(kernels).map((device) => [
      device,
      digestOf(ourKernels(graph, device as Device)),
    ]);
    expect(Object.fromEntries(ours)).toEqual(kernels);
  });

  whenShared.each(Object.entries(parityGraphs))('%s in its file', async (name, { kernels }) => {
    const graph = await graphInFile(name);
    const { expected }: Case = JSON.parse(readFileSync(sharedPath(`parity/${name}.json`), 'utf8'));
    for (const [device, digest] of Object.entries(kernels) as [Device, string][]) {
      const theirs = expectedKernels(expected[device]);
      const ours = ourKernels(graph, device);
      expect(ours.map(({ label }) => label).sort()).toEqual(
        theirs.map(({ label }) => label).sort(),
      );
      expect(digestOf(theirs)).toBe(digest);
      expect(digestOf(ours)).toBe(digest);
    }
  });

  test('nodes that change nothing are kernels; of several slices of a tensor only the first has readers', async () => {
    const { expected } = readFixture<Case>('no-ops.json');
    const graph = await readOnnxFile(
      fileURLToPath(new URL('../../fixtures/no-ops.onnx', import.meta.url)),
    );
    for (const device of Object.keys(expected) as Device[]) {
      const theirs = expectedKernels(expected[device]);
      const ours = ourKernels(graph, device);
      expect(ours.map(({ label }) => label).sort()).toEqual(
        theirs.map(({ label }) => label).sort(),
      );
      expect(digestOf(ours)).toBe(digestOf(theirs));
    }
    const types = expected.cortexA76cpu_tflite21.kernels.map(({ op }) => op);
    expect(types).toEqual(expect.arrayContaining(['concat', 'split', 'pad']));
  });
});
