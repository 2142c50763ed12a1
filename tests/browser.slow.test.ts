import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { loadLatencyPredictor } from '@nnmeter/predictor';
import type { Browser, Page } from 'playwright-core';
import { writeGraphDef, writeOnnx } from '../bench/src/large-models.ts';
import { ROOT } from '../scripts/pack-packages.mjs';
import { CHROMIUM, launchChromium, whenInstalled } from './support/chromium.ts';
import { run } from './support/run.ts';

const VITE = join(ROOT, 'node_modules/vite/bin/vite.js');
const MODEL = join(ROOT, 'fixtures/onnx/mobilenet_v2.onnx');
const SITE = 'http://nn-meter.test';

let site: string;
let browser: Browser;
let page: Page;
const errors: string[] = [];

beforeAll(async () => {
  if (CHROMIUM === undefined) return;
  site = mkdtempSync(join(tmpdir(), 'nnmeter-browser-'));
  const args = [VITE, 'build', '--outDir', site, '--emptyOutDir', '--logLevel', 'warn'];
  const bundling = await run(process.execPath, args, join(ROOT, 'tests/browser'));
  expect(bundling).toEqual({ status: 0, stdout: '', stderr: '' });
  browser = await launchChromium();
  page = await browser.newPage();
  page.on('pageerror', (error) => errors.push(error.message));
  await page.route(`${SITE}/**`, (route) => {
    const { pathname } = new URL(route.request().url());
    return route.fulfill({ path: pathname === '/model.onnx' ? MODEL : join(site, pathname) });
  });
  await page.goto(`${SITE}/index.html`);
}, 120_000);
afterAll(async () => {
  if (CHROMIUM === undefined) return;
  await browser.close();
  rmSync(site, { recursive: true });
});

async function inNode(path: string) {
  const predictor = await loadLatencyPredictor('cortexA76cpu_tflite21');
  const { latencyMs, kernels } = await predictor.predict(path);
  return { latencyMs, kernels: kernels.map((kernel) => kernel.latencyMs) };
}

whenInstalled('bundled by vite, the core predicts in Chromium as in Node', async () => {
  expect(await page.evaluate('predict("/model.onnx")')).toEqual(await inNode(MODEL));
  expect(errors).toEqual([]);
});

/** The greatest memory so far and that of now of the processes that run pages, MB; Linux alone tells them. */
async function pageMemory(): Promise<{ peak: number; now: number } | undefined> {
  if (!existsSync('/proc/self/status')) return undefined;
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  const statuses = renderers.map(({ id }) => readFileSync(`/proc/${id}/status`, 'utf8'));
  const sum = (field: string): number =>
    statuses
      .map((status) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024)
      .reduce((total, each) => total + each, 0);
  return { peak: sum('VmHWM'), now: sum('VmRSS') };
}

for (const [type, write] of Object.entries({ onnx: writeOnnx, pb: writeGraphDef })) {
  whenInstalled(
    `a File of 2.2 GB of ${type} is read by ranges, with the result of Node`,
    async () => {
      const path = join(site, `large.${type}`);
      write(path, 2.2e9);
      await page.setInputFiles('input', path);
      const before = await pageMemory();
      const { size, loaded, ...result } =
        await page.evaluate<Record<string, number>>('predictFile()');
      const after = await pageMemory();
      expect(result).toEqual({ type, ...(await inNode(path)) });
      expect(size).toBeGreaterThan(2.2e9);
      expect(loaded).toBeLessThan(20e6);
      if (before !== undefined && after !== undefined) {
        console.log(`${type}: the page took ${(after.peak - before.now).toFixed(0)} MB, at most`);
        expect(after.peak - before.now).toBeLessThan(100);
      }
      expect(errors).toEqual([]);
    },
  );
}
