import { describe, expect, test } from '@jest/globals';
import { GraphBuilder, NnMeterError, withInputShapes } from '@nnmeter/ir';
import { adviseOn, createPredictor, type LatencyReport } from '@nnmeter/predictor';
import cortexA76 from '@nnmeter/predictor-cortexa76';
import myriad from '@nnmeter/predictor-myriadvpu';
import { evaluate, groupByFamily, sweepOf } from '@nnmeter/report';
import {
  documentPage,
  evaluationPage,
  evaluationSvg,
  matchKernels,
  modulePath,
  moduleTree,
  reportPage,
  rooflinePoints,
  SweepChart,
  searchPage,
  type ViewedReport,
  type ViewedSearch,
  viewReports,
} from '@nnmeter/report/views';
import { buildModel } from '@nnmeter/zoo';
import { h } from 'preact';
import { renderToString } from 'preact-render-to-string';

const predictors = [cortexA76, myriad].map(createPredictor);
const viewed = (...graphs: ReturnType<typeof buildModel>[]): readonly ViewedReport[] =>
  viewReports(
    graphs.flatMap((graph) =>
      predictors.map((predictor) => {
        const report = predictor.predictGraph(graph);
        return { ...report, device: predictor.device, advice: adviseOn(graph, report, predictor) };
      }),
    ),
  );
/** What of a page is no script. */
const markupOf = (page: string): string => page.slice(0, page.indexOf('<script'));
const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, each) => total + each, 0);

test.each([
  ['/layer1/layer1.0/conv2/Conv', ['layer1', 'layer1.0', 'conv2']],
  ['layer1.0/conv2/Conv', ['layer1', 'layer1.0', 'conv2']],
  ['layer1.0.conv2', ['layer1', 'layer1.0']],
  ['MobilenetV1/Conv2d_0/Relu6', ['MobilenetV1', 'Conv2d_0']],
  ['Conv_12', []],
  ['', []],
  ['///', []],
])('the modules around %s', (name, path) => {
  expect(modulePath(name)).toEqual(path);
});

test('paths of any depth end', () => {
  expect(modulePath('a/'.repeat(1e5)).length).toBeLessThanOrEqual(8);
  expect(modulePath('a.'.repeat(1e5)).length).toBeLessThanOrEqual(8);
});

test('modules hold all kernels, once, with their time', () => {
  const [report] = viewed(buildModel('resnet18'));
  const tree = moduleTree(report!.kernels, report!.model);
  expect(tree.latencyMs).toBeCloseTo(report!.latencyMs - report!.startupMs, 9);
  const leaves: unknown[] = [];
  const walk = (module: typeof tree): void => {
    if (module.kernel !== undefined) leaves.push(module.kernel);
    module.children.forEach(walk);
  };
  walk(tree);
  expect(new Set(leaves)).toEqual(new Set(report!.kernels));
  expect(leaves).toHaveLength(report!.kernels.length);
  expect(tree.children.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['layer1', 'layer2', 'layer3', 'layer4']),
  );
});

describe('matched kernels', () => {
  test('of two devices that fuse differently: every millisecond is in one row', () => {
    const [cpu, vpu] = viewed(buildModel('mobilenet_v3_small'));
    const rows = matchKernels(cpu!.kernels, vpu!.kernels);
    expect(sum(rows.map(({ ms }) => ms[0]))).toBeCloseTo(cpu!.latencyMs - cpu!.startupMs, 9);
    expect(sum(rows.map(({ ms }) => ms[1]))).toBeCloseTo(vpu!.latencyMs - vpu!.startupMs, 9);
    expect(rows.every(({ ms: [before, after] }) => before > 0 && after > 0)).toBe(true);
  });

  test('of two models: what only one has is on its side', () => {
    const [small, , large] = viewed(buildModel('resnet18'), buildModel('resnet34'));
    const rows = matchKernels(small!.kernels, large!.kernels);
    const added = rows.filter(({ types }) => types[0] === '');
    expect(added.length).toBe(large!.kernels.length - small!.kernels.length);
    expect(added.some(({ name }) => name.startsWith('layer3.5'))).toBe(true);
  });

  test('of exports that number nodes through the model: by module, op and place', () => {
    const [report] = viewed(buildModel('squeezenet1_1'));
    const named = (...names: string[]) =>
      names.map((name) => ({ ...report!.kernels[0]!, nodes: [name], latencyMs: 1 }));
    const before = ['a/node_conv_1', 'b/node_conv_2', 'b/node_relu', 'b/node_conv_3', 'node_add_4'];
    const after = ['a/node_conv_1', 'new/node_conv_2', 'b/node_conv_3', 'b/node_relu_1'];
    const more = ['b/node_conv_4', 'node_add_5'];
    expect(matchKernels(named(...before), named(...after, ...more))).toEqual(
      [
        { name: 'a/node_conv_1', ms: [1, 1] },
        { name: 'new/node_conv_2', ms: [0, 1] },
        { name: 'b/node_conv_3', ms: [1, 1] },
        { name: 'b/node_relu_1', ms: [1, 1] },
        { name: 'b/node_conv_4', ms: [1, 1] },
        { name: 'node_add_5', ms: [0, 1] },
        { name: 'node_add_4', ms: [1, 0] },
      ].map((row) => expect.objectContaining(row)),
    );
  });
});

test('no kernel that was measured beats the ceilings of its device', () => {
  for (const report of viewed(buildModel('mobilenet_v2'), buildModel('resnet18'))) {
    const points = rooflinePoints(report);
    expect(sum(points.map(({ kernel }) => kernel.macs))).toBe(report.size.macs);
    for (const { kernel, leastMs } of points) {
      if (kernel.group === 'conv') expect(leastMs!).toBeLessThanOrEqual(kernel.latencyMs);
    }
  }
});

describe('advice', () => {
  const graph = () => {
    const builder = new GraphBuilder('odd');
    let x = builder.input('image', [1, 3, 112, 112]);
    x = builder.conv(x, 64, { kernel: 3, name: 'even' });
    x = builder.unary('softsign', x);
    x = builder.conv(x, 65, { kernel: 3, name: 'odd' });
    return builder.build(builder.unary('relu', builder.conv(x, 64, { kernel: 3, name: 'last' })));
  };
  const [report] = viewed(graph());

  test('an activation on its own is named with what it stands behind', () => {
    const found = report!.advice.flatMap((each) => (each.kind === 'activation' ? [each] : []));
    expect(found.map(({ kernel }) => report!.kernels[kernel]!.type)).toEqual(['softsign']);
    expect(report!.kernels[found[0]!.after]!.nodes).toContain('even');
  });

  test('channels beyond a block cost more each than the next multiple', () => {
    for (const { advice, kernels } of viewed(graph())) {
      for (const each of advice) {
        if (each.kind !== 'channels') continue;
        const { latencyMs } = kernels[each.kernel]!;
        expect(each.nextChannels % 4).toBe(0);
        expect(each.nextChannels).toBeGreaterThan(each.channels);
        expect(each.nextMs / each.nextChannels).toBeLessThan(latencyMs / each.channels);
      }
    }
  });
});

describe('the page of a model whose names are not what names should be', () => {
  const NAMES = [
    '<img src=x onerror=alert(1)>',
    '</script><script>alert(2)</script>',
    `${'<b>'.repeat(350_000)}`,
    `${'<b>'.repeat(350_000)}!`,
    '\u202Egnp.exe\u0000\u001B[31m',
    ...['a\u0001', 'a\u0002', 'a? (2)', 'a?'],
  ];
  const builder = new GraphBuilder('<script>alert(3)</script>');
  let x = builder.input('image', [1, 3, 32, 32]);
  for (const name of NAMES) x = builder.conv(x, 8, { kernel: 3, name });
  const reports = viewed(builder.build(x));
  const failures = [{ model: '<i>.onnx', message: 'it is <u>damaged</u>' }];
  const page = reportPage({ reports, failures });
  const markup = markupOf(page);

  test('has them as text, and the same elements as any other', () => {
    const elements = new Set(
      [...markup.matchAll(/<(?!!)\/?([a-z0-9]+)/gi)].map(([, name]) => name),
    );
    for (const name of ['img', 'b', 'i', 'u']) expect(elements).not.toContain(name);
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(markup.includes('&lt;img src=x onerror=alert(1)>')).toBe(true);
    expect(page.match(/[^\P{Cc}\n]|\p{Cf}/u)).toBeNull();
  });

  test('is small, and tells them apart', () => {
    expect(page.length).toBeLessThan(300_000);
    const [{ kernels }] = reports as readonly [ViewedReport];
    expect(new Set(kernels.flatMap(({ nodes }) => nodes)).size).toBe(
      kernels.flatMap(({ nodes }) => nodes).length,
    );
  });
});

test('ResNet-50 on four devices is less than 1 MB, whatever it is opened with', () => {
  const page = reportPage({
    reports: [...viewed(buildModel('resnet50')), ...viewed(buildModel('resnet50'))],
    failures: [],
  });
  expect(page.length).toBeLessThan(1e6);
  expect(page.includes(`content="default-src 'none'; script-src 'sha256-`)).toBe(true);
  expect(page.match(/(?:src|href)="(?!#)/)).toBeNull();
});

describe('pages beside that of reports', () => {
  const comparisons = [8, 10, 12].map((predicted, index) => ({
    id: `resnet18_<b>${index}`,
    ...{ measured: 10, predicted, inInterval: undefined },
  }));
  const evaluation = evaluate({ name: 'device', version: '1' }, '<i>.jsonl', comparisons);
  const plotted = { evaluation, families: groupByFamily(comparisons) };
  const search: ViewedSearch = {
    title: '<u>space',
    facts: ['minimize ms'],
    axes: ['ms', 'proxy'],
    finalists: [{ id: 3, front: 1, values: { ms: 4, proxy: 0.5 }, sample: '{"a":"<b>"}' }],
    others: [{ ms: 5, proxy: 0.4 }],
  };
  const line = { xTitle: 'minutes', yTitle: 'factor', points: [{ x: 0, y: 1, label: '<b>' }] };
  const built = documentPage({
    ...{ title: '<u>mine', intro: 'measured', notes: ['<b>'] },
    sections: [
      { title: 'Drift', line },
      { title: 'Accuracy', evaluation: plotted, table: { head: ['a'], rows: [['<b>']] } },
    ],
  });

  test.each([
    ['an evaluation', evaluationPage([plotted])],
    ['a search', searchPage(search)],
    ['a build', built],
  ])('of %s: its own policy, names as text, no NaN', (_, page) => {
    expect(page).toContain(`content="default-src 'none'; `);
    expect(page).toContain("style-src 'sha256-");
    expect(markupOf(page)).not.toMatch(/<[biu]>|NaN|undefined|Infinity|style="/);
    expect(page).toContain('<table');
  });

  test('only what can be changed has a script', () => {
    expect(searchPage(search).match(/<script/g)).toHaveLength(2);
    for (const page of [evaluationPage([plotted]), built]) expect(page).not.toContain('script');
  });

  test('a drawing by itself knows its colours', () => {
    const svg = evaluationSvg([plotted]);
    expect(svg).toMatch(/^<svg xmlns=/);
    expect(svg).not.toContain('var(');
    expect(svg).toMatch(/\.series-0 \{ stroke: #[0-9a-f]{6}/);
  });
});

test('the curve of a sweep is a line a device, and says in words what failed', () => {
  const graph = buildModel('squeezenet1_1');
  const points = [
    { value: 32, error: new NnMeterError('E_SHAPE', 'too <b>small') },
    ...[64, 128].map((value) => ({
      value,
      reports: predictors.map((predictor) =>
        predictor.predictGraph(withInputShapes(graph, [1, 3, value, value])),
      ),
    })),
  ];
  const facts = { model: 'm', type: 'onnx', variable: 'resolution' };
  const render = (some: Parameters<typeof sweepOf>[1]): string =>
    renderToString(h(SweepChart, { sweep: sweepOf(facts, some) }));
  const markup = render(points);
  expect(markup.match(/class="curve/g)).toHaveLength(predictors.length);
  // A device is a column; beside them are the value, MACs, activations and remarks.
  expect(markup).toMatch(
    new RegExp(`<td class="name" colspan="${predictors.length + 3}">[^<]*too &lt;b>small`),
  );
  expect(markup).toContain('1 of 3 values failed');
  expect(render(points.slice(0, 1))).toContain('<table');
  for (const text of [markup, render(points.slice(0, 1)), render(points.slice(0, 2))])
    expect(text).not.toMatch(/NaN|undefined|Infinity|<b>/);
});

test('a long table has the rows in sight, and says how many there are', () => {
  const [report] = viewed(buildModel('mobilenet_v2')) as [ViewedReport];
  const kernels = Array.from({ length: 3000 }, (_, index) => report.kernels[index % 50]!);
  const page = markupOf(
    reportPage({ reports: [{ ...report, kernels, advice: [] }], failures: [] }),
  );
  expect(page).toContain('aria-rowcount="3001"');
  expect(page).toContain('2500 more rows are not shown.');
});

test('every table is as long as what it is about: modules, and two reports side by side', () => {
  const [report] = viewed(buildModel('mobilenet_v2')) as [ViewedReport];
  const kernels = Array.from({ length: 3000 }, (_, index) => ({
    ...report.kernels[0]!,
    nodes: [`block${index}/conv`],
    path: [`block${index}`],
  }));
  const long = { ...report, kernels, advice: [] };
  const page = markupOf(reportPage({ reports: [long, { ...long, model: 'b' }], failures: [] }));
  // Heads, and the row of all of them together.
  const rowCounts = [...page.matchAll(/aria-rowcount="(\d+)"/g)].map(([, count]) => Number(count));
  expect(rowCounts).toEqual([3002, 3002, 3001, 3002, 3001]);
});

test('what is slower, what faster and what the same, side by side', () => {
  const [report] = viewed(buildModel('squeezenet1_1')) as [ViewedReport];
  const slower = report.kernels.map((kernel, index) => ({
    ...kernel,
    latencyMs: kernel.latencyMs * (index === 0 ? 2 : index === 1 ? 0.5 : 1),
  }));
  const page = markupOf(
    reportPage({ reports: [report, { ...report, model: 'b', kernels: slower }], failures: [] }),
  );
  const tones = [...page.matchAll(/<td class="number( slower| faster|)">([+−=])/g)];
  const count = (tone: string) =>
    tones.filter(([, found, sign]) => `${found} ${sign}` === tone).length;
  expect([count(' slower +'), count(' faster −')]).toEqual([1, 1]);
  // The total among them.
  expect(count(' =')).toBe(report.kernels.length - 2 + 1);
  expect(tones).toHaveLength(report.kernels.length + 1);
});

test('kernels are coloured by what they compute, blocks too', () => {
  const groups = new Map(
    viewed(
      buildModel('shufflenet_v2_x0_5'),
      buildModel('mobilenet_v3_small'),
      buildModel('vit_b_16'),
    )
      .flatMap(({ kernels }) => kernels)
      .map(({ type, group }) => [type, group]),
  );
  expect(Object.fromEntries(groups)).toMatchObject({
    ...{ channelshuffle: 'move', se: 'elementwise', attention: 'product' },
    ...{ 'conv-relu': 'conv', dwconv: 'dwconv', layernorm: 'elementwise' },
  });
  expect([...groups.values()]).not.toContain('other');
});

test('a model of nothing has a page too', () => {
  const empty: LatencyReport = {
    ...predictors[0]!.predictGraph(buildModel('squeezenet1_1')),
    ...{ latencyMs: 0, startupMs: 0, kernels: [], interval: null },
  };
  const reports = viewReports([{ ...empty, device: predictors[0]!.device, advice: [] }]);
  const page = markupOf(reportPage({ reports, failures: [] }));
  expect(page.match(/NaN|Infinity|undefined/)).toBeNull();
});
