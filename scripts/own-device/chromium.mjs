// Builds a predictor of headless Chromium, whose pages measure with onnxruntime-web: the plan, training and check of
// `nn-meter build` with a runner that lives in a page. Needs a built checkout and Chromium.
//
//     node scripts/own-device/chromium.mjs FOLDER [MINUTES]
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { build } from 'vite';
import { buildPredictor } from '../../packages/builder/dist/index.js';
import { NnMeterError } from '../../packages/ir/dist/index.js';
import { listDefinitions } from '../../packages/predictor/dist/index.js';

const ROOT = join(import.meta.dirname, '../..');
const SITE = 'http://localhost';
const requireOfRunners = createRequire(join(ROOT, 'packages/runners/package.json'));
const ort = dirname(requireOfRunners.resolve('onnxruntime-web'));
const [folder, minutes = '2'] = process.argv.slice(2);

const { output } = await build({
  root: join(import.meta.dirname, 'page'),
  logLevel: 'warn',
  build: { write: false, modulePreload: false },
}).then((result) => [result].flat()[0]);
const files = new Map(
  output.map(({ fileName, code, source }) => [`/${fileName}`, code ?? Buffer.from(source)]),
);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const page = await browser.newPage();
let model = new Uint8Array();
// Clocks tell 5 us only in pages that are isolated from others.
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
const TYPES = {
  html: 'text/html',
  js: 'text/javascript',
  mjs: 'text/javascript',
  wasm: 'application/wasm',
};
await page.route(`${SITE}/**`, (route) => {
  const { pathname } = new URL(route.request().url());
  const body =
    pathname === '/model.onnx'
      ? Buffer.from(model)
      : pathname.startsWith('/ort/')
        ? readFileSync(join(ort, pathname.slice('/ort/'.length)))
        : files.get(pathname);
  const contentType = TYPES[pathname.split('.').at(-1)] ?? 'application/octet-stream';
  return body === undefined
    ? route.fulfill({ status: 404, body: '' })
    : route.fulfill({
        body: typeof body === 'string' ? Buffer.from(body) : body,
        contentType,
        headers,
      });
});
await page.goto(`${SITE}/index.html`);

const runner = {
  name: 'chromium-onnxruntime-web',
  format: 'onnx',
  facts: async () => ({
    runtime: 'onnxruntime-web',
    version: requireOfRunners('onnxruntime-web/package.json').version,
    browser: `Chromium ${browser.version()}`,
    processor: cpus()[0].model,
    threads: 1,
    time: 'wall',
  }),
  measure: async (runnable, { runs, warmups, threads, layers }) => {
    model = runnable.bytes();
    // A page of its own for each: onnxruntime-web does not give back the memory of models.
    await page.goto(`${SITE}/index.html`);
    const options = { runs, warmups, threads, layers };
    return page
      .evaluate(([asked]) => globalThis.measure('/model.onnx', asked), [options])
      .catch((cause) => {
        throw new NnMeterError('E_RUNNER', cause.message.split('\n')[0], { cause });
      });
  },
  close: () => browser.close(),
};

const built = await buildPredictor({
  name: 'chromium',
  runner,
  journal: `${folder}.jsonl`,
  known: await listDefinitions(),
  minutes: Number(minutes),
  onProgress: ({ step, done, total }) => process.stderr.write(`\r${step} ${done} of ${total}   `),
});
await built.write(folder);
await runner.close();
const { accuracy, nearest } = built.check;
process.stdout.write(
  `\nwithin 10 %: ${accuracy.within10} of ${accuracy.count}; ceiling ${built.definition.manifest.build.repeatCeiling}; ` +
    `nearest calibrated ${nearest?.accuracy.within10}\n`,
);
