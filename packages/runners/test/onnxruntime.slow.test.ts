import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GraphBuilder } from '@nnmeter/ir';
import {
  type MeasureOptions,
  onnxRuntimeRunner,
  onnxRuntimeWebRunner,
  openRunner,
  type Runner,
} from '@nnmeter/runners';
import type { OnnxRuntime } from '@nnmeter/runners/onnxruntime';
import { buildDatasetModel, buildModel } from '@nnmeter/zoo';
import { asModel } from './support/models.ts';

const OPTIONS: MeasureOptions = {
  runs: 5,
  warmups: 1,
  threads: 1,
  timeoutMs: 60_000,
  layers: false,
};
const squeezenet = asModel(buildModel('squeezenet1_1'));

/** It has binaries for some systems only. */
const native: OnnxRuntime | undefined = await import('onnxruntime-node').catch(() => undefined);
const describeNative = native === undefined ? describe.skip : describe;

describeNative('onnxruntime-node (skipped: it has no binary for this system)', () => {
  let runner: Runner;
  beforeAll(() => {
    runner = onnxRuntimeRunner();
  });
  afterAll(() => runner.close());

  test('says what it is', async () => {
    const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json');
    expect(await runner.facts()).toMatchObject({ runtime: 'onnxruntime-node', version });
  });

  test('measures a model and its layers, which take as long together', async () => {
    const result = await runner.measure(squeezenet, { ...OPTIONS, layers: true });
    expect(result.runs).toBe(5);
    expect(result.medianMs).toBeGreaterThanOrEqual(result.ms);
    const layers = result.layers!;
    const sum = layers.reduce((total, { ms }) => total + ms, 0);
    // Not less; on a busy machine more, since it is wall time.
    expect(sum / result.ms).toBeGreaterThan(0.1);
    // Convolutions are 86 % of SqueezeNet's MACs and more of its time.
    const ofConvolutions = layers
      .filter(({ op }) => op === 'Conv')
      .reduce((total, { ms }) => total + ms, 0);
    expect(ofConvolutions / sum).toBeGreaterThan(0.6);
  });

  test('each node of the graph is in one layer', async () => {
    const { layers } = await runner.measure(squeezenet, { ...OPTIONS, layers: true });
    const nodes = layers!.flatMap((layer) => layer.nodes ?? []);
    expect([...nodes].sort()).toEqual(squeezenet.graph.nodes.map(({ name }) => name).sort());
  });

  /** How often which ops of the graph are run as one. */
  async function fusions(graph: ReturnType<typeof buildModel>): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { nodes } of await runner.fusedNodes!(asModel(graph))) {
      const ops = nodes.map((name) => graph.node(name)!.op).join('-');
      counts[ops] = (counts[ops] ?? 0) + 1;
    }
    return counts;
  }

  // What ONNX Runtime 1.30 fuses, read from its optimised graphs by other means: docs/builder.md of ../shared.
  // Additions are fused where it has a blocked layout, which is on x86 alone.
  (process.arch === 'x64' ? test : test.skip)('what is fused in ResNet-18', async () => {
    expect(await fusions(buildModel('resnet18'))).toEqual({
      'conv-relu': 9,
      'conv-add-relu': 8,
      conv: 3,
      maxpool: 1,
      gap: 1,
      reshape: 1,
      fc: 1,
    });
  });

  (process.arch === 'x64' ? test : test.skip)(
    'what is fused in a MobileNetV2 with batch normalisation, channels last',
    async () => {
      expect(await fusions(buildDatasetModel('mobilenetv2'))).toEqual({
        'conv-bn-relu': 19,
        'dwconv-bn-relu': 17,
        'conv-bn': 7,
        'conv-bn-add': 10,
        gap: 1,
        reshape: 1,
        fc: 1,
      });
    },
  );

  // It gives the fused node the name of the convolution, and the tensor of the activation.
  (process.arch === 'x64' ? test : test.skip)(
    'an addition without a blocked layout, which 30 channels do not have, is part of the convolution',
    async () => {
      const builder = new GraphBuilder('block');
      const convOptions = { kernel: 3, padding: 'same' } as const;
      const image = builder.input('image', [1, 30, 16, 16]);
      const first = builder.relu(builder.conv(image, 30, convOptions));
      const second = builder.relu(builder.conv(first, 30, convOptions));
      const third = builder.conv(second, 30, convOptions);
      const graph = builder.build(builder.relu(builder.add(third, first)));
      expect(await fusions(graph)).toEqual({ 'conv-relu': 2, 'conv-add-relu': 1 });
    },
  );

  test('a padding is fused with what reads it', async () => {
    const builder = new GraphBuilder('padded');
    const before = builder.maxpool(builder.input('image', [1, 8, 16, 16]), 2);
    const padded = builder.pad(before, [0, 0, 1, 1, 0, 0, 1, 1]);
    const graph = builder.build(builder.relu(builder.conv(padded, 8, { kernel: 3 })));
    expect((await runner.fusedNodes!(asModel(graph))).map(({ nodes }) => nodes)).toEqual([
      ['maxpool_1'],
      ['pad_1', 'conv_1', 'relu_1'],
    ]);
  });

  test('a file that is no model is one error, and the next model is measured', async () => {
    const broken = { ...squeezenet, id: 'broken', bytes: () => new Uint8Array([1, 2, 3]) };
    await expect(runner.measure(broken, OPTIONS)).rejects.toMatchObject({
      code: 'E_RUNNER',
      message: expect.stringMatching(/^broken: ONNX Runtime cannot load the model: /),
      where: { file: 'broken' },
    });
    expect((await runner.measure(squeezenet, OPTIONS)).ms).toBeGreaterThan(0);
  });

  test('a time limit ends one measurement', async () => {
    await expect(runner.measure(squeezenet, { ...OPTIONS, timeoutMs: 1 })).rejects.toMatchObject({
      code: 'E_RUNNER',
      message: expect.stringMatching(/took more than 0\.001 s; allow it more time/),
    });
    expect((await runner.measure(squeezenet, OPTIONS)).ms).toBeGreaterThan(0);
  });

  test('the user can give up, also while others wait', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const first = runner.measure(squeezenet, OPTIONS);
    await expect(runner.measure(squeezenet, { ...OPTIONS, signal })).rejects.toThrow('enough');
    expect((await first).ms).toBeGreaterThan(0);
  });
});

describe('onnxruntime-web in Node', () => {
  let runner: Runner;
  beforeAll(() => {
    runner = onnxRuntimeWebRunner();
  });
  afterAll(() => runner.close());

  test('measures a model and its layers, of which each node is in one', async () => {
    const result = await runner.measure(squeezenet, { ...OPTIONS, runs: 3, layers: true });
    const layers = result.layers!;
    const sum = layers.reduce((total, { ms }) => total + ms, 0);
    expect(sum / result.ms).toBeGreaterThan(0.1);
    const nodes = layers.flatMap((layer) => layer.nodes ?? []);
    expect([...nodes].sort()).toEqual(squeezenet.graph.nodes.map(({ name }) => name).sort());
  });

  test('two profiles are not mixed', async () => {
    const again = () => runner.measure(squeezenet, { ...OPTIONS, runs: 2, layers: true });
    const [first, second] = [await again(), await again()];
    expect(second.layers!.map(({ name }) => name)).toEqual(first.layers!.map(({ name }) => name));
  });

  test('convolutions are fused with additions inside a network here too', async () => {
    const graph = buildModel('resnet18');
    const fused = (await runner.fusedNodes!(asModel(graph))).map(({ nodes }) =>
      nodes.map((name) => graph.node(name)!.op).join('-'),
    );
    expect(fused.filter((ops) => ops === 'conv-add-relu')).toHaveLength(8);
    expect(fused.filter((ops) => ops === 'conv-relu')).toHaveLength(9);
    expect(fused).toHaveLength(24);
  });

  test('what it cannot tell is said, and never guessed', async () => {
    // ONNX Runtime makes one Gelu of it, a name that no node had.
    const builder = new GraphBuilder('gelu');
    const x = builder.conv(builder.input('image', [1, 8, 16, 16]), 8, { kernel: 3 });
    const shifted = builder.add(builder.unary('erf', builder.div(x, Math.SQRT2)), 1);
    const model = asModel(builder.build(builder.mul(builder.mul(shifted, x), 0.5)));
    await expect(runner.fusedNodes!(model)).rejects.toThrow(
      /^gelu: ONNX Runtime does not tell what its node "Gelu.*" is in the model; take another model/,
    );
    const { layers } = await runner.measure(model, { ...OPTIONS, layers: true });
    expect(layers!.find(({ op }) => op === 'Conv')!.nodes).toEqual(['conv_1']);
    expect(layers!.find(({ op }) => op === 'Gelu')!.nodes).toBeUndefined();
    if (native === undefined) return;
    const other = onnxRuntimeRunner();
    expect((await other.fusedNodes!(model)).at(-1)).toEqual({
      op: 'Gelu',
      nodes: ['div_1', 'erf_1', 'add_1', 'mul_1', 'mul_2'],
    });
    await other.close();
  });
});

describe.each([
  ['onnxruntime', native === undefined],
  ['onnxruntime-web', false],
])('%s', (name, isAbsent) => {
  const testHere = isAbsent ? test.skip : test;

  testHere('keeps no program from ending that forgets to close it', async () => {
    const address = import.meta.resolve('@nnmeter/runners');
    const program = `
      const { openRunner } = await import(${JSON.stringify(address)});
      console.log((await (await openRunner('${name}')).facts()).runtime);`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', program],
      { timeout: 30_000 },
    );
    expect(stdout).toMatch(/^onnxruntime-(node|web)\n$/);
  });

  testHere('that was closed measures no more', async () => {
    const runner = await openRunner(name);
    const begun = runner.measure(squeezenet, { ...OPTIONS, runs: 1000 });
    const waiting = runner.measure(squeezenet, OPTIONS);
    const all = Promise.allSettled([begun, waiting]);
    await runner.close();
    for (const { status, reason } of (await all) as PromiseRejectedResult[]) {
      expect(status).toBe('rejected');
      expect(reason).toMatchObject({ code: 'E_RUNNER' });
    }
  });
});

describe('a runtime of the project', () => {
  let folder: string;
  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'nnmeter-runtime-')));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A project with a module under the name of the runtime. */
  function makeProject(name: string, code: string): string {
    const project = join(folder, name);
    const place = join(project, 'node_modules/onnxruntime-node');
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'package.json'), '{"name": "onnxruntime-node", "main": "index.js"}');
    writeFileSync(join(place, 'index.js'), code);
    return project;
  }

  const session = (run: string) => `
    class Tensor {}
    exports.Tensor = Tensor;
    exports.env = { versions: { common: '9.9' } };
    exports.InferenceSession = { create: async () => ({ async run() { ${run} } }) };`;

  test.each([
    [
      'crashes',
      session('process.abort()'),
      /onnxruntime-node broke down: (signal SIGABRT|exit code \d+)/,
    ],
    ['leaves', session('process.exit(0)'), /onnxruntime-node broke down: exit code 0/],
    ['fails', session("throw new Error('out of memory')"), /cannot run the model: out of memory/],
    [
      'does not load',
      "throw new Error('wrong processor')",
      /does not load: wrong processor; install it anew/,
    ],
  ])('that %s is one error', async (name, code, message) => {
    const runner = onnxRuntimeRunner({ project: makeProject(name, code) });
    await expect(runner.measure(squeezenet, OPTIONS)).rejects.toMatchObject({
      code: 'E_RUNNER',
      message: expect.stringMatching(message),
    });
    await runner.close();
  });

  test('that hangs is ended', async () => {
    const project = makeProject('hangs', session('for (;;);'));
    const runner = onnxRuntimeRunner({ project });
    await expect(runner.measure(squeezenet, { ...OPTIONS, timeoutMs: 2000 })).rejects.toMatchObject(
      { code: 'E_RUNNER', message: expect.stringMatching(/took more than 2 s/) },
    );
    expect(await runner.facts()).toMatchObject({ version: '9.9' });
    await runner.close();
  });

  test('that is missing is said with what installs it', async () => {
    // A copy of this package where no runtime is.
    const own = dirname(createRequire(import.meta.url).resolve('@nnmeter/runners/package.json'));
    const copy = join(folder, 'copy');
    for (const part of ['dist', 'presets', 'schema', 'package.json']) {
      cpSync(join(own, part), join(copy, part), { recursive: true });
    }
    mkdirSync(join(copy, 'node_modules'));
    for (const name of ['@nnmeter', 'ajv', 'sax']) {
      symlinkSync(join(own, 'node_modules', name), join(copy, 'node_modules', name), 'junction');
    }
    const { onnxRuntimeRunner: make } = await import(
      pathToFileURL(join(copy, 'dist/index.js')).href
    );
    expect(() => make({ project: copy })).toThrow(
      expect.objectContaining({
        code: 'E_MISSING_PACKAGE',
        message:
          'onnxruntime-node is not installed; run: npm install --ignore-scripts onnxruntime-node',
      }),
    );
  });
});
