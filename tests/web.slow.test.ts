import { type ChildProcess, execSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { type Graph, withChannels } from '@nnmeter/ir';
import {
  type LatencyReport,
  listLatencyPredictors,
  loadLatencyPredictor,
  modelFileToGraph,
  modelToGraph,
} from '@nnmeter/predictor';
import { failureToJson, formatMs, formatShare } from '@nnmeter/report';
import { PAGE_FOLDER } from '@nnmeter/web';
import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { writeOnnx } from '../bench/src/large-models.ts';
import { RESHAPE_TARGET, reshapeBy } from '../packages/frontend-onnx/test/support/onnx-model.ts';
import { ROOT } from '../scripts/pack-packages.mjs';
import { CHROMIUM, launchChromium, whenInstalled } from './support/chromium.ts';
import { serveFolder } from './support/static-site.ts';

/** On machines that are busy with other things pages take long. */
const PATIENCE_MS = 120_000;
const DEVICES = [
  'cortexA76cpu_tflite21',
  'adreno640gpu_tflite21',
  'adreno630gpu_tflite21',
  'myriadvpu_openvino2019r2',
];
const MOBILENET = join(ROOT, 'fixtures/onnx/mobilenet_v2.onnx');
const READY = 'main[aria-busy=false] table';

let browser: Browser;
let folder: string;
let server: Server;
/** The page below a path of a server that knows nothing of it. */
let site: string;
let context: BrowserContext;
let child: ChildProcess | undefined;
/** What pages say that they should not: errors, refused parts. */
let complaints: string[] = [];

beforeAll(async () => {
  if (CHROMIUM === undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'nn-meter-web-'));
  ({ server, url: site } = await serveFolder(PAGE_FOLDER, '/tools/nn-meter/'));
  browser = await launchChromium();
}, 120_000);
afterAll(async () => {
  if (CHROMIUM === undefined) return;
  child?.kill();
  await browser.close();
  server.close();
  rmSync(folder, { recursive: true });
});

/** With a test's own memory of the browser. */
async function open(
  address = site,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Page> {
  context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS / 4);
  complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => complaints.push(message.text()));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      console.error(`refused: ${violatedDirective} ${blockedURI}`),
    );
  });
  await page.goto(address);
  if (address !== 'about:blank') await page.waitForSelector('.devices');
  return page;
}

/** Has files dropped on the page, as from a folder of the desktop. */
async function drop(page: Page, files: Readonly<Record<string, Buffer>>): Promise<void> {
  const contents = Object.entries(files).map(
    ([name, content]) => [name, content.toString('base64')] as const,
  );
  await page.evaluate((entries) => {
    const transfer = new DataTransfer();
    for (const [name, content] of entries)
      transfer.items.add(
        new File([Uint8Array.from(atob(content), (byte) => byte.charCodeAt(0))], name),
      );
    const event = new DragEvent('drop', {
      dataTransfer: transfer,
      bubbles: true,
      cancelable: true,
    });
    document.body.dispatchEvent(event);
  }, contents);
}

async function reportsInNode(model: string): Promise<readonly LatencyReport[]> {
  const predictors = await Promise.all(DEVICES.map((name) => loadLatencyPredictor(name)));
  return Promise.all(predictors.map((predictor) => predictor.predict(model)));
}

/** What a button of the page gives. */
async function download(page: Page, button: string): Promise<string> {
  const [given] = await Promise.all([page.waitForEvent('download'), page.click(button)]);
  return readFileSync((await given.path())!, 'utf8');
}

/** What the command lines of the page print as JSON where its files are. */
function runLines(
  lines: readonly string[],
  files: Readonly<Record<string, Buffer>>,
): readonly LatencyReport[] {
  const cwd = mkdtempSync(join(folder, 'files-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
  const bin = join(ROOT, 'packages/cli/bin/nn-meter.js');
  return lines.flatMap((line) => {
    const command = line.replace('npx @nnmeter/cli', `"${process.execPath}" "${bin}"`);
    return JSON.parse(execSync(`${command} --json`, { cwd, encoding: 'utf8' }));
  });
}

/** Texts that stand on the page. */
const texts = (page: Page, selector: string): Promise<string[]> =>
  page.$$eval(selector, (elements) => elements.map(({ textContent }) => textContent ?? ''));

/** What the library, and so the command line, says of a file, but that the page asks for no types. */
async function errorInNode(name: string, content: Buffer): Promise<string> {
  const file = new File([new Uint8Array(content)], name);
  const error = await modelToGraph(file).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const { message } = failureToJson(error);
  return message.replace(
    'name its type to be told why it is refused',
    'give a file of one of these',
  );
}

/** nn-Meter IR of a chain. */
function chainOf(names: readonly string[]): Buffer {
  const shape = [[1, 56, 56, 64]];
  const node = (index: number) => ({
    inbounds: names.slice(Math.max(0, index - 1), index),
    outbounds: names.slice(index + 1, index + 2),
    attr:
      index === 0
        ? { type: 'Placeholder', input_shape: [], output_shape: shape, attr: {} }
        : { type: 'Relu', input_shape: shape, output_shape: shape, attr: {} },
  });
  return Buffer.from(JSON.stringify(Object.fromEntries(names.map((name, i) => [name, node(i)]))));
}

whenInstalled(
  'a dropped model is predicted as in Node, to the last digit, and little is loaded before it',
  async () => {
    const bodies: Promise<Buffer>[] = [];
    const page = await open('about:blank');
    page.on('response', (response) => bodies.push(response.body()));
    await page.goto(site);
    await page.waitForSelector('.devices');
    const compressed = (await Promise.all(bodies)).map((body) => gzipSync(body).length);
    const loaded = compressed.reduce((sum, bytes) => sum + bytes);
    expect(loaded).toBeGreaterThan(50_000);
    expect(loaded).toBeLessThan(400_000);
    const kilobytes = (loaded / 1000).toFixed(0);
    const start = performance.now();
    await drop(page, { 'mobilenet_v2.onnx': readFileSync(MOBILENET) });
    await page.waitForSelector('main a[href="#report-0"]');
    console.log(
      `${kilobytes} kB before the first model; its first latency after ${(performance.now() - start).toFixed(0)} ms`,
    );
    await page.waitForSelector(READY);
    const reports = JSON.parse(await download(page, 'button:text-is("JSON")')) as LatencyReport[];
    const expected = await reportsInNode(MOBILENET);
    expect(reports.map(({ predictor }) => predictor)).toEqual(DEVICES);
    expect(reports.map(({ latencyMs }) => latencyMs)).toEqual(
      expected.map(({ latencyMs }) => latencyMs),
    );
    // The last bit of an exponential is another one in some versions of the engine that both have.
    const kernelMs = (all: readonly LatencyReport[]) =>
      all.map(({ kernels }) => kernels.map(({ latencyMs }) => latencyMs.toPrecision(15)));
    expect(kernelMs(reports)).toEqual(kernelMs(expected));
    expect(complaints).toEqual([]);
    await context.close();
  },
  PATIENCE_MS,
);

whenInstalled(
  'models, hostile names and what is no model beside each other: all get their word, and names are text',
  async () => {
    const page = await open();
    const evil = '<img src=x onerror="document.title=1">';
    const bad = {
      'damaged.onnx': readFileSync(MOBILENET).subarray(0, 20_000),
      'weights.json': Buffer.from('{"weights": [1, 2, 3]}'),
    };
    await drop(page, {
      'shufflenet.onnx': readFileSync(join(ROOT, 'fixtures/onnx/shufflenet_v2_x0_5.onnx')),
      [`${evil}.json`]: chainOf(['input', evil, `${evil}${'x'.repeat(1e5)}`, 'z'.repeat(1e5)]),
      ...bad,
    });
    await page.waitForSelector(READY);
    const models = await texts(page, 'main a[href^="#report-"]');
    expect(models).toHaveLength(2 * DEVICES.length);
    expect(models.at(-1)).toBe(`${evil}.json`);
    const errors = Object.entries(bad).map(([name, content]) => errorInNode(name, content));
    expect(await texts(page, '.models .warning')).toEqual(await Promise.all(errors));
    await page.selectOption('.detail select', { label: `${evil}.json` });
    await page.waitForSelector('#detail-filter');
    expect(await page.$$('img')).toEqual([]);
    expect(await page.title()).toBe('nn-meter');
    expect(await page.evaluate('document.body.textContent.length')).toBeLessThan(100_000);
    // Two of them side by side, matched by the names of their nodes.
    const [from, to] = await page.$$('.comparison select');
    await from!.selectOption({ index: 0 });
    await to!.selectOption({ index: 1 });
    const totals = await texts(page, 'main tbody tr:has(a[href^="#report-"]) td:nth-child(3)');
    expect(await page.textContent('.comparison tr.total')).toContain(`${totals[0]}${totals[1]}`);
    const report = await download(page, 'button:text-is("Report (HTML)")');
    expect(report).toContain('Content-Security-Policy');
    expect(report).not.toContain('<img');
    expect(complaints).toEqual([]);
    await context.close();
  },
  PATIENCE_MS,
);

whenInstalled(
  'what if: resolution, batch, width and open dimensions, each as the library predicts it',
  async () => {
    const predictors = await Promise.all(DEVICES.map((name) => loadLatencyPredictor(name)));
    const expected = (graph: Graph): string[] =>
      predictors.map((predictor) => formatMs(predictor.totalMs(graph)));
    const page = await open();
    const totals = (): Promise<string[]> =>
      texts(page, 'main tbody tr:has(a[href^="#report-"]) td:nth-child(3)');
    const untilTotals = async (wanted: readonly string[]): Promise<void> => {
      await page.waitForFunction(
        (values) =>
          values.every(
            (value, index) =>
              document.querySelector(`tr:has(a[href="#report-${index}"]) td:nth-child(3)`)
                ?.textContent === value,
          ),
        wanted,
      );
    };
    await drop(page, { 'mobilenet_v2.onnx': readFileSync(MOBILENET) });
    await page.focus('#what-if-resolution');
    for (let step = 0; step < 3; step++) await page.keyboard.press('ArrowRight');
    const at = (batch: number) =>
      modelFileToGraph(MOBILENET, undefined, { inputShapes: [batch, 3, 320, 320] });
    await untilTotals(expected(await at(1)));
    await page.waitForSelector('.curve');
    const curve = '[aria-label="What if"] tbody tr:has(td:first-child:text-is("320")) td';
    expect((await texts(page, curve)).slice(1, 1 + DEVICES.length)).toEqual(await totals());
    await page.fill('[aria-label="Batch, as a number"]', '4');
    await page.keyboard.press('Enter');
    await page.fill('#what-if-channels', '0.5');
    await untilTotals(expected(withChannels(await at(4), 0.5)));
    expect(await page.inputValue('#command')).toBe(
      'npx @nnmeter/cli predict --sweep channels=0.5 --input-shape input=4,3,320,320 mobilenet_v2.onnx',
    );
    for (const button of await page.$$('button:text-is("Reset")'))
      if (await button.isEnabled()) await button.click();
    await page.click('button:text-is("Remove")');

    const dynamic = join(ROOT, 'fixtures/onnx/dynamic_lstm.onnx');
    await drop(page, { 'lstm.onnx': readFileSync(dynamic) });
    expect(await page.textContent('.models .warning')).toMatch(/"length".*give its shape below/);
    await page.fill('#shape-1-0', '1x-64');
    await page.click('details[open] button:text-is("Use these shapes")');
    expect(await page.textContent('.shapes [role=alert]')).toBe(
      '"1x-64" is not a shape; write positive integers: 1,3,224,224 or 1x3x224x224',
    );
    await page.fill('#shape-1-0', '1,64');
    await page.click('details[open] button:text-is("Use these shapes")');
    await page.waitForSelector('#what-if-length');
    await page.fill('[aria-label="length, as a number"]', '200');
    await page.keyboard.press('Enter');
    await untilTotals(
      expected(await modelFileToGraph(dynamic, undefined, { inputShapes: [1, 200] })),
    );
    expect(await page.inputValue('#command')).toMatch(
      /predict --input-shape \w+=1,200 lstm\.onnx$/,
    );
    await page.click('.models summary');
    await page.click('button:text-is("As in the file")');
    await page.waitForFunction(
      (line) => document.querySelector<HTMLTextAreaElement>('#command')?.value === line,
      'npx @nnmeter/cli predict --dimension length=200 lstm.onnx',
    );
    await page.waitForSelector(READY);
    const json = JSON.parse(await download(page, 'button:text-is("JSON")')) as LatencyReport[];
    const typed = runLines([await page.inputValue('#command')], {
      'lstm.onnx': readFileSync(dynamic),
    });
    const said = ({ latencyMs, warnings }: LatencyReport) => [latencyMs, warnings];
    expect(json.map(said)).toEqual(typed.map(said));
    expect(json[0]!.warnings.join()).toMatch(/"batch" is open and taken as 1/);
    await page.click('button:text-is("Remove")');

    const segmenter = join(ROOT, 'fixtures/onnx/dynamic_segmenter.onnx');
    await drop(page, { 'segmenter.onnx': readFileSync(segmenter) });
    await page.fill('#shape-2-0', '1,3,64,64');
    await page.click('button:text-is("Use these shapes")');
    await page.fill('[aria-label="height, as a number"]', '96');
    await page.keyboard.press('Enter');
    const read = (inputShapes: number[]) => modelFileToGraph(segmenter, undefined, { inputShapes });
    await untilTotals(expected(await read([1, 3, 96, 64])));
    await page.fill('[aria-label="Batch, as a number"]', '2');
    await page.keyboard.press('Enter');
    await page.fill('[aria-label="Resolution, pixels, as a number"]', '128');
    await page.keyboard.press('Enter');
    await untilTotals(expected(await read([2, 3, 192, 128])));
    expect(complaints).toEqual([]);
    await context.close();
  },
  PATIENCE_MS,
);

whenInstalled(
  'signatures, sizes that depend on data and settings of devices: chosen on the page, kept in its link, and told the command line',
  async () => {
    const files = {
      'detector.onnx': readFileSync(join(ROOT, 'fixtures/onnx/tiny_detector.onnx')),
      'saved_model.pb': readFileSync(join(ROOT, 'fixtures/tf/signatures/saved_model.pb')),
    };
    const shape = '#shape-1-0';
    const page = await open();
    await drop(page, files);
    expect(await page.textContent('.models .warning')).toMatch(/"image"; choose one below$/);
    await page.selectOption('.models select', 'image');
    await page.waitForSelector(shape);
    expect(await page.textContent('.models .warning')).toMatch(/give its shape below$/);
    await page.fill(shape, '1x32x48x3');
    await page.click('details[open] button:text-is("Use these shapes")');
    await page.click('summary:text-is("Sizes in detector.onnx that depend on data")');
    await page.fill('#assumed-0-nonzero', '200');
    await page.keyboard.press('Enter');
    await page.click('.devices summary');
    await page.check('[aria-label*="Galaxy S10"] label:has-text("int8, 1 large") input');
    await page.check('[aria-label*="iPhone XS"] label:has-text("int8, 4 little") input');
    await page.uncheck('.devices label:has-text("myriad") input');
    const settings = (await listLatencyPredictors()).flatMap(({ settings }) => settings ?? []);
    expect(await texts(page, '.devices details label .soft:last-child')).toEqual(
      settings.map(({ within10 }) => expect.stringContaining(formatShare(within10))),
    );
    await page.waitForSelector(READY);

    const reports = JSON.parse(await download(page, 'button:text-is("JSON")')) as LatencyReport[];
    const lines = (await page.inputValue('#command')).split('\n');
    expect(lines).toHaveLength(6);
    expect(lines[1]).toBe(
      "npx @nnmeter/cli predict --predictor exynos9820cpu_tflite2021 --precision int8 --cores '1 large' --assume nonzero=200 detector.onnx",
    );
    expect(lines[3]).toMatch(
      / --signature image --input-shape image_image=1,32,48,3 saved_model.pb$/,
    );
    const typed = runLines(lines, files);
    const facts = ({ model, predictor, latencyMs }: LatencyReport) => [model, predictor, latencyMs];
    expect(typed.map(facts)).toEqual(reports.map(facts));

    const again = await context.newPage();
    await again.goto(`${page.url()}&batch=1e99&batch=999999999999999`);
    await again.waitForSelector('.devices');
    await drop(again, files);
    await again.click('button:text-is("Without batch 999999999999999")');
    await again.waitForFunction(
      (wanted) => document.querySelector<HTMLTextAreaElement>('#command')?.value === wanted,
      lines.join('\n'),
    );
    await again.waitForSelector(READY);
    const rows = 'main tbody tr:has(a[href^="#report-"])';
    expect(await texts(again, rows)).toEqual(await texts(page, rows));
    expect(complaints).toEqual([]);
    await context.close();
  },
  PATIENCE_MS,
);

whenInstalled(
  'by keyboard alone: a network by name, its devices, its details; a link has the same again',
  async () => {
    const page = await open();
    const focus = async (selector: string): Promise<void> => {
      for (let presses = 0; presses < 60; presses++) {
        if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector))
          return;
        await page.keyboard.press('Tab');
      }
      throw new Error(`${selector} is not reached`);
    };
    await focus('#network');
    await page.keyboard.type('squeezenet1_1');
    await page.keyboard.press('Enter');
    await page.waitForSelector(READY);
    await focus('.device input');
    await page.keyboard.press('Space');
    expect(await page.$$('main a[href^="#report-"]')).toHaveLength(3);
    await focus('a[href="#report-1"]');
    await page.keyboard.press('Enter');
    const detail = await page.textContent('.detail .total');
    expect(detail).toContain('Pixel 3');
    expect(await page.evaluate('document.activeElement.className')).toBe('detail');
    const again = await context.newPage();
    await again.goto(page.url());
    await again.waitForSelector(READY);
    const rows = 'main tbody tr:has(a[href^="#report-"])';
    expect(await texts(again, rows)).toEqual(await texts(page, rows));
    expect(complaints).toEqual([]);
    await context.close();
  },
  PATIENCE_MS,
);

whenInstalled(
  'after the first visit it works without network: every format and every device',
  async () => {
    const page = await open();
    await page.evaluate('navigator.serviceWorker.ready');
    await context.setOffline(true);
    await page.reload();
    await page.waitForSelector('.devices');
    await page.click('.devices summary');
    const first = '.choices > .device:first-of-type input';
    const devices = await page.$$(`.choices:not(.settings) > .device input, ${first}`);
    for (const device of devices) await device.check();
    await page.setInputFiles('input[type=file]', [
      join(ROOT, 'fixtures/tf/mobilenet_v1.pb'),
      join(ROOT, 'fixtures/pt2/net-2.6.pt2'),
    ]);
    await page.waitForSelector(READY);
    expect(await page.$$('main a[href^="#report-"]')).toHaveLength(2 * devices.length);
    expect(devices.length).toBeGreaterThanOrEqual(19);
    expect(await texts(page, '.models .warning')).toEqual([]);
    await context.close();
  },
  PATIENCE_MS,
);

for (const [colorScheme, width] of [
  ['light', 1200],
  ['dark', 360],
] as const) {
  whenInstalled(
    `${colorScheme}, ${width} px: axe finds nothing, and nothing is wider than the page`,
    async () => {
      const page = await open(site, {
        colorScheme,
        viewport: { width, height: 800 },
        reducedMotion: 'reduce',
        bypassCSP: true,
      });
      const axeFinds = async (): Promise<string[]> => {
        await page.evaluate(axe.source);
        return page.evaluate(async () => {
          const found = await (
            globalThis as unknown as {
              axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
            }
          ).axe.run();
          return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`);
        });
      };
      expect(await axeFinds()).toEqual([]);
      await drop(page, {
        'shufflenet.onnx': readFileSync(join(ROOT, 'fixtures/onnx/shufflenet_v2_x0_5.onnx')),
        'weights.json': Buffer.from('{}'),
        'measured.csv': Buffer.from('model,ms\nshufflenet.onnx,6\n'),
      });
      await page.waitForSelector(READY);
      await page.waitForSelector('#detail-filter');
      await page.$$eval('details', (all) => {
        for (const details of all) details.open = true;
      });
      // Rows are alike, and axe takes long over them.
      await page.fill('#detail-filter', 'pool');
      await page.$$eval('.comparison tbody tr:nth-child(n + 5)', (rows) => {
        for (const row of rows) row.remove();
      });
      expect(await axeFinds()).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      await context.close();
    },
    PATIENCE_MS,
  );
}

whenInstalled(
  'nn-meter ui offers what it is given, of which the page reads ranges, and nothing else of the disk',
  async () => {
    const path = join(folder, 'large.onnx');
    const layers = writeOnnx(path, 500e6);
    const saved = join(ROOT, 'fixtures/tf/saved_model');
    const bin = join(ROOT, 'packages/cli/bin/nn-meter.js');
    const beside = join(folder, 'beside.onnx');
    writeFileSync(beside, reshapeBy('shape.bin'));
    writeFileSync(join(folder, 'shape.bin'), RESHAPE_TARGET);
    const args = [bin, 'ui', path, saved, beside, '--torchvision', 'alexnet', '--json'];
    const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    child = started;
    const [line] = (await once(started.stdout, 'data')) as [Buffer];
    const { url } = JSON.parse(line.toString()) as { url: string };
    const page = await open(url);
    let ranges = 0;
    page.on('response', async (response) => {
      if (response.status() === 206) ranges += Number(response.headers()['content-length']);
    });
    await page.reload();
    await page.waitForFunction(
      (wanted) => document.querySelectorAll('main a[href^="#report-"]').length === wanted,
      4 * DEVICES.length,
    );
    const names = await texts(page, 'main a[href^="#report-"]');
    expect(names.filter((_, index) => index % DEVICES.length === 0)).toEqual([
      'alexnet',
      'large.onnx',
      'saved_model',
      'beside.onnx',
    ]);
    expect(ranges).toBeGreaterThan(0);
    expect(ranges).toBeLessThan(20e6);
    expect(layers).toBeGreaterThan(1);
    for (const address of ['package.json', '..%2fpackage.json', 'models/9', 'models/0/../../x'])
      expect((await fetch(`${url}${address}`)).status).toBe(404);
    expect((await fetch(url, { headers: { origin: 'http://elsewhere.example' } })).status).toBe(
      403,
    );
    expect((await fetch(`${url}models/0`, { headers: { range: 'bytes=9e9-' } })).status).toBe(416);
    expect(complaints).toEqual([]);
    await context.close();
    started.kill('SIGINT');
    expect(await once(started, 'exit')).toEqual([130, null]);
  },
  PATIENCE_MS,
);

whenInstalled(
  'a CSV of measurements calibrates a device; IR and ONNX are what the library reads and writes',
  async () => {
    const page = await open();
    await drop(page, {
      'mobilenet_v2.onnx': readFileSync(MOBILENET),
      'measured.csv': Buffer.from('model,ms\nother.onnx,20\n'),
    });
    await page.waitForSelector(READY);
    await page.click('button:text-is("Calibrate")');
    await page.waitForSelector('[role=alert]');
    expect(await page.textContent('[role=alert]')).toMatch(/line 2: no model "other.onnx"/);
    const files = {
      'mobilenet_v2.onnx': readFileSync(MOBILENET),
      'measured.csv': Buffer.from('model,ms\nmobilenet_v2.onnx,20\n'),
      'other.csv': Buffer.from('model,ms\nmobilenet_v2.onnx,30\n'),
    };
    await drop(page, { 'measured.csv': files['measured.csv'] });
    await page.selectOption('.calibration select', DEVICES[0]!);
    await page.click('button:text-is("Calibrate")');
    await page.waitForSelector('main tbody tr td:nth-child(3):text-is("20.00")');
    await page.click('.devices summary');
    await page.check('[aria-label*="Galaxy S10"] label:has-text("int8, 1 large") input');
    await drop(page, { 'other.csv': files['other.csv'] });
    await page.selectOption('.calibration select', 'exynos9820cpu_tflite2021:int8-1-large');
    await page.click('button:text-is("Calibrate")');
    await page.waitForSelector('main tbody tr td:nth-child(3):text-is("30.00")');
    expect(await texts(page, '[role=alert]')).toEqual([]);
    const lines = (await page.inputValue('#command')).split('\n');
    const [calibrated, int8, ...typed] = runLines(lines, files);
    expect(calibrated).toMatchObject({ predictor: DEVICES[0] });
    expect(int8).toMatchObject({ predictor: 'exynos9820cpu_tflite2021' });
    const reports = JSON.parse(await download(page, 'button:text-is("JSON")')) as LatencyReport[];
    expect(typed.map(({ latencyMs }) => latencyMs)).toEqual(
      reports.map(({ latencyMs }) => latencyMs),
    );
    const [uncalibrated] = await reportsInNode(MOBILENET);
    await page.click('button:text-is("Undo")');
    await page.waitForSelector(
      `main tbody tr td:nth-child(3):text-is("${formatMs(uncalibrated!.latencyMs)}")`,
    );
    for (const title of ['IR (JSON)', 'ONNX without weights']) {
      const [given] = await Promise.all([
        page.waitForEvent('download'),
        page.click(`button:text-is("${title}")`),
      ]);
      const [before] = await reportsInNode(MOBILENET);
      const [after] = await reportsInNode((await given.path())!);
      expect(after!.latencyMs).toBeCloseTo(before!.latencyMs, 6);
    }
    const csv = await download(page, 'button:text-is("Kernels (CSV)")');
    expect(csv.split('\r\n')[1]).toMatch(
      /^mobilenet_v2\.onnx,cortexA76cpu_tflite21,1,conv-relu,.*1x224x224x3,1x112x112x32$/,
    );
    expect(complaints).toEqual([]);
    await context.close();
  },
  PATIENCE_MS,
);
