import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Graph, GraphBuilder } from '@nnmeter/ir';
import { type MeasureOptions, openRunner, runnerNames } from '@nnmeter/runners';
import { asModel } from './support/models.ts';

const OPTIONS: MeasureOptions = {
  runs: 10,
  warmups: 2,
  threads: 1,
  timeoutMs: 30_000,
  layers: true,
};

/** What a program answers to arguments that hold `when`. */
interface Answer {
  readonly tool: string;
  readonly when?: string;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly exit?: number;
  /** Written to the path behind a flag. */
  readonly files?: Readonly<Record<string, string>>;
  readonly msPerRun?: number;
}

const FAKE = fileURLToPath(new URL('support/fake-tool.mjs', import.meta.url));
const PATH = process.env.PATH;

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'nnmeter-presets-')));
});
afterEach(() => {
  process.env.PATH = PATH;
  rmSync(folder, { recursive: true, force: true });
});

/** Puts programs on the PATH that answer as they were recorded. */
function record(answers: readonly Answer[]): void {
  writeFileSync(join(folder, 'answers.json'), JSON.stringify(answers));
  for (const { tool } of answers) {
    const script = `#!/bin/sh\nexec '${process.execPath}' '${FAKE}' '${folder}' ${tool} "$@"\n`;
    writeFileSync(join(folder, tool), script);
    chmodSync(join(folder, tool), 0o755);
  }
  process.env.PATH = `${folder}${delimiter}${PATH}`;
}

function calls(): string[][] {
  const lines = readFileSync(join(folder, 'calls.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

async function measure(
  name: string,
  graph: Graph,
  parameters: Record<string, string> = {},
  options = OPTIONS,
) {
  const runner = await openRunner(name, { parameters });
  try {
    const model = { ...asModel(graph), bytes: () => new Uint8Array([1]) };
    return { facts: await runner.facts(), result: await runner.measure(model, options) };
  } finally {
    await runner.close();
  }
}

test('the names of all', async () => {
  expect(await runnerNames()).toEqual([
    'onnxruntime',
    'onnxruntime-web',
    'litert',
    'openvino',
    'ssh',
    'tflite-adb',
    'trtexec',
  ]);
});

/** The end of MobileNetV2, with the names that TensorFlow gives. */
function mobilenetEnd(): Graph {
  const builder = new GraphBuilder('mobilenet');
  const image = builder.input('input', [1, 160, 7, 7]);
  const scope = 'MobilenetV2/expanded_conv_16';
  const depthwise = builder.relu6(builder.dwconv(image, { kernel: 3, padding: 'same' }), {
    name: `${scope}/depthwise/Relu6`,
  });
  const project = builder.bn(builder.conv(depthwise, 320), {
    name: `${scope}/project/BatchNorm/FusedBatchNorm`,
  });
  const last = builder.relu6(builder.conv(project, 1280), { name: 'MobilenetV2/Conv_1/Relu6' });
  return builder.build(builder.gap(last, { name: 'MobilenetV2/Logits/AvgPool' }));
}

// The fakes are shell scripts.
const describeUnix = process.platform === 'win32' ? describe.skip : describe;

describeUnix('TFLite’s benchmark_model', () => {
  // https://github.com/tensorflow/tensorflow/issues/42507, of a phone over adb
  const timings = `Initialized session in 0.855ms.
Running benchmark for at least 1 iterations and at least 0.5 seconds but terminate if exceeding 150 seconds.
count=15 first=49060 curr=33682 min=32825 max=49060 avg=34825.1 std=3930

Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 150 seconds.
count=50 first=32891 curr=33978 min=32641 max=34005 avg=33209.4 std=450

Inference timings in us: Init: 855, First inference: 49060, Warmup (avg): 34825.1, Inference (avg): 33209.4
`;
  // https://github.com/tensorflow/tensorflow/issues/23131, of a Pixel
  const profile = `============================== Run Order ==============================
\t             [node type]\t  [start]\t  [first]\t [avg ms]\t     [%]\t  [cdf%]\t  [mem KB]\t[times called]\t[Name]
\t       DEPTHWISE_CONV_2D\t   81.764\t    0.196\t    0.199\t  0.212%\t 87.266%\t     0.000\t        1\t[MobilenetV2/expanded_conv_16/depthwise/Relu6]
\t                 CONV_2D\t   81.963\t    4.196\t    4.249\t  4.526%\t 91.792%\t     0.000\t        1\t[MobilenetV2/expanded_conv_16/project/BatchNorm/FusedBatchNorm]
\t                 CONV_2D\t   86.213\t    6.016\t    6.110\t  6.507%\t 98.299%\t     0.000\t        1\t[MobilenetV2/Conv_1/Relu6]
\t         AVERAGE_POOL_2D\t   92.324\t    0.034\t    0.035\t  0.037%\t 98.336%\t     0.000\t        1\t[MobilenetV2/Logits/AvgPool]

============================== Top by Computation Time ==============================
\t             [node type]\t  [start]\t  [first]\t [avg ms]\t     [%]\t  [cdf%]\t  [mem KB]\t[times called]\t[Name]
`;
  const device: Answer[] = [
    { tool: 'adb', when: '-s R58M shell getprop ro.product.model', stdout: 'Pixel 3\r\n' },
    { tool: 'adb', when: '-s R58M shell getprop ro.board.platform', stdout: 'sdm845\n' },
    { tool: 'adb', when: '-s R58M push', stdout: '1 file pushed, 0 skipped.\n' },
    { tool: 'adb', when: '-s R58M shell rm -f' },
  ];
  test('on a phone: the minimum, in microseconds, of what is no warm-up', async () => {
    record([...device, { tool: 'adb', when: 'benchmark_model', stdout: timings, msPerRun: 33 }]);
    const { facts, result } = await measure(
      'tflite-adb',
      mobilenetEnd(),
      { serial: 'R58M' },
      { ...OPTIONS, layers: false },
    );
    expect(facts).toEqual({
      runtime: 'TensorFlow Lite',
      device: 'Pixel 3',
      kind: 'cpu',
      processor: 'sdm845',
      xnnpack: 'true',
      time: 'wall',
    });
    expect(result).toEqual({ ms: 32.641, medianMs: 32.641, runs: 10 });
    const [, , push, run] = calls();
    expect(push!.slice(0, 4)).toEqual(['adb', '-s', 'R58M', 'push']);
    expect(push!.at(-1)).toBe('/data/local/tmp/nn-meter-model.tflite');
    expect(run).toEqual(
      expect.arrayContaining([
        '--graph=/data/local/tmp/nn-meter-model.tflite',
        '--num_threads=1',
        '--num_runs=10',
        '--warmup_runs=2',
      ]),
    );
    expect(calls().at(-1)).toEqual(expect.arrayContaining(['rm', '-f']));
  });

  test('layers by the names of the tensors they compute', async () => {
    // A total of ours: that of the four layers, which are the end of a network.
    const total = 'count=10 first=10800 curr=10700 min=10600 max=10800 avg=10700 std=50\n';
    record([
      ...device,
      { tool: 'adb', when: '--enable_op_profiling=true', stdout: total + profile, msPerRun: 11 },
      { tool: 'adb', when: 'benchmark_model', stdout: total, msPerRun: 11 },
    ]);
    const { result } = await measure('tflite-adb', mobilenetEnd(), { serial: 'R58M' });
    expect(result.layers).toEqual([
      expect.objectContaining({
        op: 'DEPTHWISE_CONV_2D',
        ms: 0.199,
        nodes: ['dwconv_1', 'MobilenetV2/expanded_conv_16/depthwise/Relu6'],
      }),
      expect.objectContaining({
        op: 'CONV_2D',
        ms: 4.249,
        nodes: ['conv_1', 'MobilenetV2/expanded_conv_16/project/BatchNorm/FusedBatchNorm'],
      }),
      expect.objectContaining({ ms: 6.11, nodes: ['conv_2', 'MobilenetV2/Conv_1/Relu6'] }),
      expect.objectContaining({
        op: 'AVERAGE_POOL_2D',
        ms: 0.035,
        nodes: ['MobilenetV2/Logits/AvgPool'],
      }),
    ]);
  });

  // https://github.com/tensorflow/tensorflow/issues/62775
  const informed = `INFO: count=132 first=3678 curr=3790 min=3270 max=5473 avg=3751.66 std=334

INFO: Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 150 seconds.
INFO: count=261 first=3937 curr=3959 min=3190 max=6333 avg=3790.92 std=358

INFO: Inference timings in us: Init: 630, First inference: 3678, Warmup (avg): 3751.66, Inference (avg): 3790.92
`;

  test('on another machine, newer, which begins lines with INFO', async () => {
    record([
      { tool: 'scp' },
      { tool: 'ssh', when: 'uname -m', stdout: 'aarch64\n' },
      { tool: 'ssh', when: ' rm -f ' },
      { tool: 'ssh', when: './benchmark_model', stdout: informed, msPerRun: 4 },
    ]);
    const { facts, result } = await measure(
      'ssh',
      mobilenetEnd(),
      { host: 'pi@10.0.0.5' },
      { ...OPTIONS, layers: false },
    );
    expect(facts.processor).toBe('aarch64');
    expect(result).toEqual({ ms: 3.19, medianMs: 3.19, runs: 10 });
    const [, copy] = calls();
    expect(copy!.at(-1)).toBe('pi@10.0.0.5:nn-meter-model.tflite');
  });

  test('with XNNPACK: layers by their kind, without nodes', async () => {
    // Columns as of TensorFlow 2.13; the names that XNNPACK gives.
    const delegated = `INFO: Operator-wise Profiling Info for Regular Benchmark Runs:
============================== Run Order ==============================
\t                         [node type]\t  [first]\t [avg ms]\t     [%]\t  [cdf%]\t  [mem KB]\t[times called]\t[Name]
\t       Convolution (NHWC, F32) IGEMM\t    1.267\t    1.278\t 50.783%\t 50.783%\t     0.000\t        1\tDelegate/Convolution (NHWC, F32) IGEMM:0
\t      Convolution (NHWC, F32) DWConv\t    0.243\t    0.271\t 49.217%\t100.000%\t     0.000\t        4\tDelegate/Convolution (NHWC, F32) DWConv:1

`;
    record([
      ...device,
      { tool: 'adb', when: '--enable_op_profiling', stdout: informed + delegated, msPerRun: 4 },
      { tool: 'adb', when: 'benchmark_model', stdout: informed, msPerRun: 4 },
    ]);
    const { result } = await measure('tflite-adb', mobilenetEnd(), { serial: 'R58M' });
    expect(result.layers).toEqual([
      {
        name: 'Delegate/Convolution (NHWC, F32) IGEMM:0',
        op: 'Convolution (NHWC, F32) IGEMM',
        ms: 1.278,
      },
      {
        name: 'Delegate/Convolution (NHWC, F32) DWConv:1',
        op: 'Convolution (NHWC, F32) DWConv',
        ms: 4 * 0.271,
      },
    ]);
  });

  test.each([
    ['is not there', [{ tool: 'adb', stderr: "adb: device 'R58M' not found\n", exit: 1 }]],
    [
      // https://github.com/Genymobile/scrcpy/issues/6515
      'is lost while the model is brought',
      [{ tool: 'adb', stderr: 'adb: error: failed to read copy response: EOF\n', exit: 1 }],
    ],
    [
      'is lost while it measures',
      [...device, { tool: 'adb', stdout: timings.slice(0, 60), exit: 255 }],
    ],
    ['ends the program without a word', [...device, { tool: 'adb', stdout: timings.slice(0, 60) }]],
  ])('a phone that %s is one error', async (_, answers: Answer[]) => {
    record(answers);
    await expect(measure('tflite-adb', mobilenetEnd(), { serial: 'R58M' })).rejects.toMatchObject({
      code: 'E_RUNNER',
      message: expect.stringMatching(
        /^mobilenet: runner tflite-adb: "adb" (failed|ended well, but)/,
      ),
    });
  });
});

describeUnix('trtexec', () => {
  // https://github.com/NVIDIA/TensorRT/issues/4177
  const summary = `[10/03/2024-10:47:59] [I] === Performance summary ===
[10/03/2024-10:47:59] [I] Throughput: 130.298 qps
[10/03/2024-10:47:59] [I] Latency: min = 5.38672 ms, max = 13.3664 ms, mean = 7.60628 ms, median = 7.16092 ms, percentile(90%) = 10.2996 ms, percentile(95%) = 10.8698 ms, percentile(99%) = 12.9675 ms
[10/03/2024-10:47:59] [I] Enqueue Time: min = 2.72876 ms, max = 15.0201 ms, mean = 7.63062 ms, median = 7.86694 ms, percentile(90%) = 10.1792 ms, percentile(95%) = 11.7217 ms, percentile(99%) = 14.1848 ms
[10/03/2024-10:47:59] [I] GPU Compute Time: min = 5.34595 ms, max = 13.3388 ms, mean = 7.58404 ms, median = 7.14139 ms, percentile(90%) = 10.2881 ms, percentile(95%) = 10.8175 ms, percentile(99%) = 12.9485 ms
[10/03/2024-10:47:59] [I] Total GPU Compute Time: 2.96536 s
`;
  // NVIDIA/TensorRT, tools/experimental/trt-engine-explorer/src/examples/pytorch/resnet/A100/fp32/resnet.onnx.engine.profile.json
  const profile = `[
  { "count" : 1 }
, { "name" : "Conv_0 + Relu_1", "timeMs" : 0.52224, "averageMs" : 0.52224, "medianMs" : 0.52224, "percentage" : 24.5902 }
, { "name" : "MaxPool_2", "timeMs" : 0.093184, "averageMs" : 0.093184, "medianMs" : 0.093184, "percentage" : 4.38766 }
, { "name" : "Reformatting CopyNode for Output Tensor 0 to MaxPool_2", "timeMs" : 0.045056, "averageMs" : 0.045056, "medianMs" : 0.045056, "percentage" : 2.1215 }
, { "name" : "Conv_3 + Relu_4", "timeMs" : 0.108544, "averageMs" : 0.108544, "medianMs" : 0.108544, "percentage" : 5.1109 }
, { "name" : "Conv_5 + Add_6 + Relu_7", "timeMs" : 0.123904, "averageMs" : 0.123904, "medianMs" : 0.123904, "percentage" : 5.83414 }
]
`;

  function resnetBegin(): Graph {
    const builder = new GraphBuilder('resnet');
    const image = builder.input('input', [1, 3, 64, 64]);
    const conv = (x: typeof image, name: string, kernel = 3) =>
      builder.conv(x, 64, { kernel, padding: 'same', name });
    const stem = builder.relu(conv(image, 'Conv_0', 7), { name: 'Relu_1' });
    const pool = builder.maxpool(stem, 2, { name: 'MaxPool_2' });
    const first = builder.relu(conv(pool, 'Conv_3'), { name: 'Relu_4' });
    const sum = builder.add(conv(first, 'Conv_5'), pool, { name: 'Add_6' });
    return builder.build(builder.relu(sum, { name: 'Relu_7' }));
  }

  const device: Answer[] = [
    { tool: 'nvidia-smi', stdout: 'NVIDIA A100-SXM4-40GB\n' },
    { tool: 'trtexec', when: '--onnx=', files: { '--saveEngine': 'engine' } },
  ];

  test('the time of the GPU alone, of an engine that is built before', async () => {
    record([...device, { tool: 'trtexec', when: '--loadEngine', stdout: summary, msPerRun: 6 }]);
    const { facts, result } = await measure(
      'trtexec',
      resnetBegin(),
      {},
      { ...OPTIONS, layers: false },
    );
    expect(facts).toEqual({
      runtime: 'TensorRT',
      kind: 'gpu',
      processor: 'NVIDIA A100-SXM4-40GB',
      time: 'wall',
    });
    expect(result).toEqual({ ms: 5.34595, medianMs: 7.14139, runs: 10 });
  });

  test('layers whose names are joined; changes of layout count to the layer beside', async () => {
    // A total of ours: that of the layers, which are the beginning of a network.
    const total =
      '[I] GPU Compute Time: min = 0.89 ms, max = 0.9 ms, mean = 0.9 ms, median = 0.9 ms\n';
    record([
      ...device,
      {
        tool: 'trtexec',
        when: '--exportProfile',
        stdout: total,
        files: { '--exportProfile': profile },
        msPerRun: 1,
      },
      { tool: 'trtexec', when: '--loadEngine', stdout: total, msPerRun: 1 },
    ]);
    const { result } = await measure('trtexec', resnetBegin());
    expect(result.layers!.map(({ ms, nodes }) => [ms, nodes])).toEqual([
      [0.52224, ['Conv_0', 'Relu_1']],
      [0.093184 + 0.045056, ['MaxPool_2']],
      [0.108544, ['Conv_3', 'Relu_4']],
      [0.123904, ['Conv_5', 'Add_6', 'Relu_7']],
    ]);
  });

  test('an engine that cannot be built is one error', async () => {
    record([
      { tool: 'trtexec', stderr: '&&&& FAILED TensorRT.trtexec [TensorRT v8603]\n', exit: 1 },
    ]);
    await expect(measure('trtexec', resnetBegin())).rejects.toMatchObject({
      code: 'E_RUNNER',
      message: expect.stringMatching(/"trtexec" failed \(exit code 1\): &&&& FAILED/),
    });
  });
});

describeUnix('benchmark_app and litert-benchmark, as they answered here', () => {
  // OpenVINO 2026.4.1, of this very network.
  const output = `[ INFO ] Count:            14925 iterations
[ INFO ] Duration:         2000.01 ms
[ INFO ] Latency:
[ INFO ]    Median:        39.16 us
[ INFO ]    Average:       130.32 us
[ INFO ]    Min:           37.53 us
[ INFO ]    Max:           15415.52 us
[ INFO ] Throughput:   7462.48 FPS
`;
  const executionGraph = readFileSync(
    new URL('../fixtures/openvino_block.xml', import.meta.url),
    'utf8',
  );

  function block(): Graph {
    const builder = new GraphBuilder('block');
    const image = builder.input('image', [1, 3, 32, 32]);
    const stem = builder.relu(builder.conv(image, 16, { kernel: 3, padding: 1 }));
    const sum = builder.add(builder.conv(stem, 16, { kernel: 3, padding: 1 }), stem);
    const pool = builder.maxpool(builder.relu(sum), 2);
    return builder.build(builder.fc(builder.flatten(builder.gap(pool)), 10));
  }

  const openvino: Answer[] = [
    { tool: 'ovc', stdout: 'OpenVINO Model Converter (ovc) 2026.4.1-22982-e213a147257\n' },
    {
      tool: 'benchmark_app',
      when: '-exec_graph_path',
      stdout: output,
      files: { '-exec_graph_path': executionGraph },
      msPerRun: 0.05,
    },
    { tool: 'benchmark_app', stdout: output, msPerRun: 0.05 },
  ];

  test('OpenVINO: units as printed; layers and what they fuse from its execution graph', async () => {
    record(openvino);
    const { facts, result } = await measure('openvino', block());
    expect(facts).toMatchObject({ runtime: 'OpenVINO', version: '2026.4.1', device: 'CPU' });
    expect(result.ms).toBeCloseTo(0.03753, 12);
    expect(result.medianMs).toBeCloseTo(0.03916, 12);
    expect(result.layers!.map(({ op, nodes }) => [op, nodes])).toEqual([
      ['Reorder+Convolution', ['conv_1', 'relu_1']],
      ['Convolution', ['conv_2']],
      ['Eltwise', ['add_1', 'relu_2']],
      ['Pooling', ['maxpool_1']],
      ['Reduce', ['gap_1']],
      ['Reorder+Reshape', ['reshape_1']],
      ['FullyConnected', ['fc_1']],
    ]);
    // The mean of many runs stays near the median of the whole.
    const sum = result.layers!.reduce((total, { ms }) => total + ms, 0);
    expect(sum / result.medianMs).toBeGreaterThan(0.5);
    expect(sum / result.medianMs).toBeLessThan(2);
  });

  test('OpenVINO tells what it fuses, or that it cannot', async () => {
    record(openvino);
    const runner = await openRunner('openvino');
    expect(await runner.fusedNodes!(asModel(block()))).toContainEqual({
      op: 'Convolution',
      nodes: ['conv_2'],
    });
    const unnamed = executionGraph.replaceAll('conv_2/WithoutBiases', 'Multiply_14361');
    record([{ ...openvino[1]!, files: { '-exec_graph_path': unnamed } }]);
    await expect(runner.fusedNodes!(asModel(block()))).rejects.toThrow(
      /does not tell what its layer "Multiply_14361" is in the model; fold batch normalisation/,
    );
    await runner.close();
  });

  test.each(['<net><layers>', 'no graph', ''])(
    'an execution graph that is none: %j',
    async (text) => {
      record([{ ...openvino[1]!, files: { '-exec_graph_path': text } }, openvino[2]!]);
      await expect(measure('openvino', block())).rejects.toMatchObject({
        code: 'E_RUNNER',
        message: expect.stringMatching(/graph\.xml" is not what was expected: /),
      });
    },
  );

  test('OpenVINO fails', async () => {
    const stdout = 'FrontEnd API failed with GeneralFailure:\nonnx: Could not open the file\n\n\n';
    record([{ tool: 'benchmark_app', stdout, exit: 1 }]);
    await expect(measure('openvino', block())).rejects.toThrow(
      /failed \(exit code 1\): FrontEnd API failed with GeneralFailure:\nonnx: Could not open/,
    );
  });

  test('LiteRT: minimum and median of its JSON', async () => {
    // ai-edge-litert 2.3.0, MobileNetV2 in int8.
    const json = `{"num_threads": 1, "latency": {"init_ms": 15.08, "warmup_first_ms": 1.76, "warmup_avg_ms": 5.92,
      "num_warmup_runs": 2, "avg_ms": 5.6, "min_ms": 1.58, "max_ms": 13.46, "median_ms": 4.45, "num_runs": 10}}`;
    record([{ tool: 'litert-benchmark', files: { '--result_json': json }, msPerRun: 6 }]);
    const { facts, result } = await measure('litert', block());
    expect(facts).toMatchObject({ runtime: 'LiteRT', time: 'wall' });
    expect(result).toEqual({ ms: 1.58, medianMs: 4.45, runs: 10 });
  });
});
