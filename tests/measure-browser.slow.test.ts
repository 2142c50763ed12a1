import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect } from '@jest/globals';
import {
  createPredictor,
  type LatencyReport,
  modelFileToGraph,
  type PredictorDefinition,
} from '@nnmeter/predictor';
import { PAGE_FOLDER, PAGE_HEADERS } from '@nnmeter/web';
import axe from 'axe-core';
import { unzipSync } from 'fflate';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { ROOT } from '../scripts/pack-packages.mjs';
import { CHROMIUM, launchChromium, whenInstalled } from './support/chromium.ts';
import { run } from './support/run.ts';
import { serveFolder } from './support/static-site.ts';

/** On machines that are busy with other things pages take long. */
const PATIENCE_MS = 240_000;
const MODEL = join(ROOT, 'fixtures/onnx/mobilenet_v2.onnx');
const MEASURE = '.measure button[type=submit]';

let browser: Browser;
let folder: string;
let server: Server;
/** With the headers that the page asks for, so that its workers too are held to the policy. */
let site: string;
let complaints: string[] = [];

beforeAll(async () => {
  if (CHROMIUM === undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'nn-meter-measure-'));
  ({ server, url: site } = await serveFolder(PAGE_FOLDER, '/', PAGE_HEADERS));
  browser = await launchChromium();
}, 120_000);
afterAll(async () => {
  if (CHROMIUM === undefined) return;
  await browser.close();
  server.close();
  rmSync(folder, { recursive: true });
});

async function open(context: BrowserContext, address = site): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS / 4);
  complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => complaints.push(message.text()));
  await page.goto(address);
  await page.click('.measure summary');
  return page;
}

/** What a button gives. */
async function download(page: Page, title: string): Promise<Buffer> {
  const [given] = await Promise.all([
    page.waitForEvent('download'),
    page.click(`button:text-is("${title}")`),
  ]);
  return readFileSync((await given.path())!);
}

/** What JSON of the page says of the model on the measured device. */
async function latencyOnPage(page: Page): Promise<LatencyReport> {
  await page.waitForSelector('main[aria-busy=false] table');
  const reports = JSON.parse((await download(page, 'JSON')).toString()) as LatencyReport[];
  return reports.find(({ predictor }) => predictor === 'my-chromium')!;
}

whenInstalled(
  'a visitor measures the browser, with pauses: one of the devices, and the same predictor as a plugin in Node',
  async () => {
    const context = await browser.newContext({
      colorScheme: 'dark',
      viewport: { width: 360, height: 800 },
    });
    const page = await open(context);
    let fetched = 0;
    // Not requests: those of the service worker are told late, that without network maybe after what comes next.
    context.on('response', (response) => {
      if (response.url().endsWith('.wasm') && response.request().serviceWorker() !== null)
        fetched++;
    });
    await page.evaluate('navigator.serviceWorker.ready');
    await page.fill('.measure input[pattern]', 'CortexA76cpu_tflite21');
    expect(await page.$$('.measure input:invalid')).toHaveLength(1);
    await page.fill('.measure input[pattern]', 'my-chromium');
    expect(await page.$$('.measure input:invalid')).toHaveLength(0);
    await page.selectOption('.measure select', 'models');
    await page.fill('.measure .amount', '10');

    await context.setOffline(true);
    await page.click(MEASURE);
    expect(await page.textContent('.measure [role=alert]')).toBe(
      'ONNX Runtime cannot be loaded; check the network and try again, or install it for nn-meter ui: npm install onnxruntime-web@1.30.0',
    );
    await context.setOffline(false);
    complaints = [];
    await page.click(MEASURE);
    await page.waitForSelector('.measure label:text-matches("^Measuring models: [2-9] ")');
    expect(await page.$$('.measure [role=alert]')).toEqual([]);
    await page.click('.measure button:text-is("Stop")');
    await page.waitForSelector('text=/^[2-9] models are measured already/');

    await page.reload();
    await page.selectOption('.measure select', 'models');
    await page.fill('.measure .amount', '10');
    await page.click('button:text-is("Go on measuring")');
    // Taken at once: it may soon say something else.
    const label = await page.waitForFunction(
      () =>
        /^Measuring models.*/.exec(
          document.querySelector('.measure label')?.textContent ?? '',
        )?.[0],
    );
    expect(await label.jsonValue()).toMatch(/^Measuring models: [2-9] done/);
    await page.waitForSelector('.built');
    const told = await page.textContent('.built');
    for (const words of [
      /measured with onnxruntime-web.*Chrom.*, whose clock moves in steps of [\d.]+ ms/,
      /accuracy[\d.]+ % of \d+ networks/,
      /ceiling[\d.]+ % of 6 networks/,
      /nearestcortexA76cpu_tflite21, calibrated: /,
    ])
      expect(told).toMatch(words);
    expect(fetched).toBe(1);

    await page.setInputFiles('input[type=file]', MODEL);
    const { latencyMs, kernels } = await latencyOnPage(page);
    const files = unzipSync(await download(page, 'Plugin (zip)'));
    const plugin = join(folder, 'node_modules/nnmeter-predictor-my-chromium');
    for (const [path, bytes] of Object.entries(files)) {
      const file = path.replace('my-chromium', plugin);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
    }
    const { default: definition } = (await import(
      pathToFileURL(join(plugin, 'index.js')).href
    )) as {
      default: PredictorDefinition;
    };
    const inNode = createPredictor(definition).predictGraph(await modelFileToGraph(MODEL));
    expect(latencyMs).toBe(inNode.latencyMs);
    expect(kernels).toHaveLength(inNode.kernels.length);
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ dependencies: { 'nnmeter-predictor-my-chromium': '1.0.0' } }),
    );
    const bin = join(ROOT, 'packages/cli/bin/nn-meter.js');
    const args = [bin, 'predict', '--predictor', 'my-chromium', '--json', MODEL];
    const { stdout } = await run(process.execPath, args, folder);
    expect((JSON.parse(stdout) as LatencyReport[])[0]!.latencyMs).toBe(latencyMs);
    const report = (await download(page, 'How it was built (HTML)')).toString();
    expect(report).toContain('repeat ceiling');
    expect(report).not.toMatch(/<script|NaN|undefined/);

    await page.evaluate(axe.source);
    const found = await page.evaluate<{ violations: { id: string }[] }>(
      'axe.run(document.querySelector(".measure"))',
    );
    expect(found.violations.map(({ id }) => id)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);

    // It stays, also without network, until it is forgotten.
    await context.setOffline(true);
    await page.reload();
    await page.waitForSelector('.built');
    await page.setInputFiles('input[type=file]', MODEL);
    expect((await latencyOnPage(page)).latencyMs).toBe(latencyMs);
    await page.click('button:text-is("Forget my-chromium")');
    await page.waitForSelector('.built', { state: 'detached' });
    await page.reload();
    await page.waitForSelector('.devices');
    expect(await page.$$('.built')).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  },
  PATIENCE_MS,
);

whenInstalled(
  'a browser whose clock moves in steps of 100 ms is told so',
  async () => {
    const coarse = join(folder, 'coarse');
    cpSync(PAGE_FOLDER, coarse, { recursive: true });
    const script = readdirSync(join(coarse, 'assets')).find((name) =>
      /^runtime-worker/.test(name),
    )!;
    appendFileSync(
      join(coarse, 'assets', script),
      'const now = performance.now.bind(performance); performance.now = () => Math.floor(now() / 100) * 100;',
    );
    const other = await serveFolder(coarse, '/');
    const context = await browser.newContext();
    const page = await open(context, other.url);
    await page.click(MEASURE);
    expect(await page.textContent('.measure [role=alert]')).toBe(
      'the clock of this browser moves in steps of 100 ms, too coarse to measure with; turn its protection against fingerprinting off for this page',
    );
    await context.close();
    other.server.close();
  },
  PATIENCE_MS,
);
