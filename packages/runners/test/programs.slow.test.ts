import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type MeasureOptions, openRunner } from '@nnmeter/runners';
import { buildModel } from '@nnmeter/zoo';
import { hasShared, sharedPath } from '../../../tests/support/shared.ts';
import { asModel } from './support/models.ts';

// Programs that pip installs: openvino, ai-edge-litert. NNMETER_BENCHMARKS may name the folder they are in.
const FOLDERS = [
  process.env.NNMETER_BENCHMARKS ?? '',
  ...(process.env.PATH ?? '').split(delimiter),
];

function find(program: string): string | undefined {
  return FOLDERS.filter((folder) => folder !== '')
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

const OPTIONS: MeasureOptions = {
  runs: 20,
  warmups: 2,
  threads: 1,
  timeoutMs: 60_000,
  layers: true,
};

const benchmarkApp = find('benchmark_app');
(benchmarkApp === undefined ? test.skip : test)(
  'benchmark_app measures SqueezeNet and its layers (skipped: OpenVINO absent)',
  async () => {
    const runner = await openRunner('openvino', { parameters: { benchmark: benchmarkApp! } });
    const model = asModel(buildModel('squeezenet1_1'));
    const { ms, medianMs, layers } = await runner.measure(model, OPTIONS);
    expect(ms).toBeGreaterThan(0.1);
    expect(medianMs).toBeGreaterThanOrEqual(ms);
    const sum = layers!.reduce((total, layer) => total + layer.ms, 0);
    expect(sum).toBeGreaterThan(ms / 2);
    const nodes = layers!.flatMap((layer) => layer.nodes ?? []);
    expect([...nodes].sort()).toEqual(model.graph.nodes.map(({ name }) => name).sort());
    // https://docs.openvino.ai: convolutions take activations behind them in.
    for (const { nodes: fused } of await runner.fusedNodes!(model)) {
      const ops = fused.map((name) => model.graph.node(name)!.op);
      expect([['conv', 'relu'], ['maxpool'], ['concat'], ['gap'], ['reshape']]).toContainEqual(ops);
    }
    await runner.close();
  },
);

const litert = find('litert-benchmark');
(litert === undefined || !hasShared ? test.skip : test)(
  'litert-benchmark measures a MobileNetV2 (skipped: LiteRT or ../shared absent)',
  async () => {
    const runner = await openRunner('litert', { parameters: { benchmark: litert! } });
    const file = sharedPath('tflite/mobilenet_v2_int8.tflite');
    const model = { ...asModel(buildModel('mobilenet_v2')), bytes: () => readFileSync(file) };
    const { ms, medianMs, layers } = await runner.measure(model, OPTIONS);
    expect(ms).toBeGreaterThan(0);
    expect(medianMs).toBeGreaterThanOrEqual(ms);
    expect(layers).toBeUndefined();
    await runner.close();
  },
);
