import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { loadLatencyPredictor } from '@nnmeter/predictor';
import { chromium } from 'playwright-core';
import { ROOT } from '../scripts/pack-packages.mjs';
import { run } from './support/run.ts';
import { testIf } from './support/test-if.ts';

const { ProgramFiles = '', 'ProgramFiles(x86)': olderPrograms = '' } = process.env;
/** Where Linux, macOS and Windows keep a browser that is Chromium. */
const CHROMIUM = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  join(ProgramFiles, 'Google/Chrome/Application/chrome.exe'),
  join(olderPrograms, 'Microsoft/Edge/Application/msedge.exe'),
].find((path) => existsSync(path));
const VITE = join(ROOT, 'node_modules/vite/bin/vite.js');
const MODEL = join(ROOT, 'fixtures/onnx/mobilenet_v2.onnx');
const SITE = 'http://nn-meter.test';

testIf(CHROMIUM !== undefined, 'no Chromium')(
  'bundled by vite, the core predicts in Chromium as in Node',
  async () => {
    const site = mkdtempSync(join(tmpdir(), 'nnmeter-browser-'));
    const browser = await chromium.launch({
      executablePath: CHROMIUM!,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
    });
    try {
      const args = [VITE, 'build', '--outDir', site, '--emptyOutDir', '--logLevel', 'warn'];
      const bundling = await run(process.execPath, args, join(ROOT, 'tests/browser'));
      expect(bundling).toEqual({ status: 0, stdout: '', stderr: '' });

      const page = await browser.newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(error.message));
      await page.route(`${SITE}/**`, (route) => {
        const { pathname } = new URL(route.request().url());
        return route.fulfill({ path: pathname === '/model.onnx' ? MODEL : join(site, pathname) });
      });
      await page.goto(`${SITE}/index.html`);
      const inBrowser = await page.evaluate('predict("/model.onnx")');

      const predictor = await loadLatencyPredictor('cortexA76cpu_tflite21');
      const { latencyMs, kernels } = await predictor.predict(MODEL);
      expect(inBrowser).toEqual({ latencyMs, kernels: kernels.map((kernel) => kernel.latencyMs) });
      expect(errors).toEqual([]);
    } finally {
      await browser.close();
      rmSync(site, { recursive: true });
    }
  },
  120_000,
);
