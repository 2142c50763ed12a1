import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { adviseOn, loadLatencyPredictor, modelFileToGraph } from '@nnmeter/predictor';
import { reportPage, searchPage, type ViewedSearch, viewReports } from '@nnmeter/report/views';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { ROOT } from '../scripts/pack-packages.mjs';
import { CHROMIUM, launchChromium, whenInstalled } from './support/chromium.ts';

/** On machines that are busy with other things pages take long. */
const PATIENCE_MS = 120_000;
const MODELS = ['shufflenet_v2_x0_5.onnx', 'tiny_vit.onnx'];
const DEVICES = ['cortexA76'];
/** Kernels of a report whose table is long. */
const LONG = 20_000;
const SEARCH: ViewedSearch = {
  title: '<b>space',
  facts: ['minimize ms'],
  axes: ['ms', 'proxy'],
  finalists: [1, 2, 3].map((id) => ({
    id,
    front: id,
    values: { ms: 10 - id, proxy: id, macs: 1e6 * id },
    sample: JSON.stringify({ depth: id }),
  })),
  others: [{ ms: 12, proxy: 1, macs: 5e6 }],
};

let browser: Browser;
let folder: string;
let addresses: Readonly<Record<'report' | 'long' | 'search', string>>;
/** What a page says that it should not: errors, refused parts, requests. */
let complaints: string[];

beforeAll(async () => {
  if (CHROMIUM === undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'nn-meter-page-'));
  const predictors = await Promise.all(DEVICES.map((name) => loadLatencyPredictor(name)));
  const reports = await Promise.all(
    MODELS.map(async (name) => {
      const graph = await modelFileToGraph(join(ROOT, 'fixtures/onnx', name));
      return predictors.map((predictor) => {
        const report = { ...predictor.predictGraph(graph), model: `<b>${name}` };
        return { ...report, device: predictor.device, advice: adviseOn(graph, report, predictor) };
      });
    }),
  );
  const viewed = viewReports(reports.flat());
  const [first] = viewed as [(typeof viewed)[0]];
  const kernels = Array.from({ length: LONG }, (_, index) => first.kernels[index % 20]!);
  const latencyMs = kernels.reduce((sum, kernel) => sum + kernel.latencyMs, 0);
  const long = { ...first, kernels, latencyMs, advice: [] };
  addresses = {
    report: write('report.html', reportPage({ reports: viewed, failures: [] })),
    long: write('long.html', reportPage({ reports: [long], failures: [] })),
    search: write('search.html', searchPage(SEARCH)),
  };
  browser = await launchChromium();
}, 120_000);
afterAll(async () => {
  if (CHROMIUM === undefined) return;
  await browser.close();
  rmSync(folder, { recursive: true });
});

function write(name: string, page: string): string {
  writeFileSync(join(folder, name), page);
  return pathToFileURL(join(folder, name)).href;
}

async function openPage(
  options: Parameters<Browser['newPage']>[0] = {},
  name: keyof typeof addresses = 'report',
): Promise<Page> {
  const address = addresses[name];
  const page = await browser.newPage(options);
  page.setDefaultTimeout(PATIENCE_MS);
  complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('request', (request) => {
    if (request.url() !== address) complaints.push(request.url());
  });
  await page.goto(address);
  return page;
}

const cells = (page: Page, column: number): Promise<string[]> =>
  page.$$eval(
    '#report-0 figure:last-of-type tbody tr',
    (rows, index) => rows.map((row) => row.children[index]!.textContent ?? ''),
    column,
  );

whenInstalled(
  'the table sorts and filters by keyboard alone',
  async () => {
    const page = await openPage();
    const before = await cells(page, 3);
    await page.focus('#report-0 figure:last-of-type th button:text-is("ms")');
    await page.keyboard.press('Enter');
    const sorted = (await cells(page, 3)).map((text) => Number(text.replace('~', '')));
    expect(sorted).toEqual(sorted.toSorted((a, b) => b - a));
    expect(sorted).toHaveLength(before.length);
    await page.keyboard.press('Enter');
    expect(Number((await cells(page, 3))[0])).toBe(sorted.at(-1));
    const positions = (await cells(page, 0)).map(Number).sort((a, b) => a - b);
    for (const [order, shown] of [
      ['ascending', positions],
      ['descending', positions.toReversed()],
    ] as const) {
      await page.focus('#report-0 figure:last-of-type th button:text-is("#")');
      await page.keyboard.press('Enter');
      expect((await cells(page, 0)).map(Number)).toEqual(shown);
      expect(
        await page.getAttribute(
          '#report-0 figure:last-of-type th:has(button:text-is("#"))',
          'aria-sort',
        ),
      ).toBe(order);
    }
    await page.focus('#report-0-filter');
    await page.keyboard.type('dwconv');
    const types = await cells(page, 1);
    expect(types.length).toBeGreaterThan(10);
    expect(types.every((type) => type.includes('dwconv'))).toBe(true);
    expect(await page.textContent('#report-0 figure:last-of-type [role=status]')).toMatch(
      `${types.length} of `,
    );
    expect(complaints).toEqual([]);
    await page.close();
  },
  PATIENCE_MS,
);

whenInstalled(
  'the icicle enters and leaves modules by keyboard, and says so',
  async () => {
    const page = await openPage();
    const focused = () =>
      page.evaluate('document.activeElement.querySelector("title").textContent');
    await page.focus('#report-0 [role=treeitem]');
    for (const key of ['ArrowDown', 'ArrowRight', 'ArrowDown']) await page.keyboard.press(key);
    await page.keyboard.press('ArrowUp');
    const module = String(await focused()).split('\n')[0]!;
    const before = await page.locator('#report-0 [role=treeitem]').count();
    await page.keyboard.press('Enter');
    const status = page.locator('#report-0 figure:has([role=tree]) [role=status]');
    expect(await status.textContent()).toMatch(`Only ${module}: `);
    expect(await focused()).toMatch(module);
    expect(await page.locator('#report-0 [role=treeitem]').count()).toBeLessThan(before);
    await page.keyboard.press('Escape');
    expect(await status.textContent()).toBe('');
    expect(await page.locator('#report-0 [role=treeitem]').count()).toBe(before);
    expect(complaints).toEqual([]);
    await page.close();
  },
  PATIENCE_MS,
);

whenInstalled(
  'a long table has the rows that are in sight, by scrolling and by keyboard, and prints thousands',
  async () => {
    const page = await openPage({ bypassCSP: true }, 'long');
    const numbers = async () => (await cells(page, 0)).filter(Boolean).map(Number);
    await page.waitForFunction('document.querySelectorAll("#report-0 tr.spacer").length === 1');
    expect((await numbers()).length).toBeLessThan(200);
    const section = page.locator('#report-0 figure:last-of-type .wide');
    await section.focus();
    await page.keyboard.press('End');
    await page.waitForFunction(
      `[...document.querySelectorAll("#report-0 tbody tr")].at(-1).textContent.startsWith("${LONG}")`,
    );
    const last = page.locator('#report-0 figure:last-of-type tr[aria-rowindex]').last();
    expect(await last.getAttribute('aria-rowindex')).toBe(String(LONG + 1));
    await page.fill('#report-0-filter', 'no such kernel');
    expect(await page.locator('#report-0 figure:last-of-type tbody tr').count()).toBe(0);
    await page.fill('#report-0-filter', '');
    await page.click('#report-0 figure:last-of-type th button:text-is("#")');
    await page.keyboard.press('Enter');
    await page.evaluate('window.dispatchEvent(new Event("beforeprint"))');
    expect((await numbers()).length).toBe(5000);
    await page.evaluate('window.dispatchEvent(new Event("afterprint"))');
    await page.waitForFunction('document.querySelectorAll("#report-0 tbody tr").length < 400');
    expect(complaints).toEqual([]);
    await page.close();
  },
  PATIENCE_MS,
);

whenInstalled(
  'a search: axes are chosen, candidates told, by keyboard alone',
  async () => {
    const page = await openPage({}, 'search');
    const heights = () =>
      page.$$eval('circle.point', (dots) => dots.map((dot) => dot.getAttribute('cy')));
    const before = await heights();
    await page.selectOption('select >> nth=1', 'macs');
    expect(await heights()).not.toEqual(before);
    await page.focus('td button:text-is("2")');
    await page.keyboard.press('Enter');
    expect(await page.textContent('.sample')).toBe(
      'Candidate 2, front 2: ms 8, proxy 2, macs 2,000,000\n{"depth":2}',
    );
    expect(await page.getAttribute('tr:has(button:text-is("2"))', 'class')).toBe('chosen');
    expect(complaints).toEqual([]);
    await page.close();
  },
  PATIENCE_MS,
);

whenInstalled(
  'two reports are compared as chosen; a link opens its report',
  async () => {
    const page = await openPage();
    const [from, to] = await page.$$('.comparison select');
    await from!.selectOption('1');
    await to!.selectOption('0');
    const total = await page.textContent('.comparison tr.total');
    const totals = await page.$$eval('main > section:first-of-type tbody tr', (rows) =>
      rows.map((row) => row.children[2]!.textContent),
    );
    expect(total).toContain(`${totals[1]}${totals[0]}`);
    await page.click('a[href="#report-1"]');
    await page.waitForSelector('#report-1[open]');
    expect(complaints).toEqual([]);
    await page.close();
  },
  PATIENCE_MS,
);

whenInstalled(
  'without its script, and on paper, all is there',
  async () => {
    const [plain, live] = [await openPage({ javaScriptEnabled: false }), await openPage()];
    const text = (page: Page) => page.textContent('#root');
    expect(await text(plain)).toBe(await text(live));
    expect(await plain.textContent('h1')).toBe('Predicted latency and memory');
    await plain.emulateMedia({ media: 'print' });
    const hidden = await plain.$$eval('.report figure:last-of-type table', (tables) =>
      tables.filter((table) => table.getBoundingClientRect().height === 0).map(({ id }) => id),
    );
    expect(hidden).toEqual([]);
    await plain.close();
    await live.close();
  },
  PATIENCE_MS,
);

whenInstalled(
  'a table that goes over several pages of paper has its head on each',
  async () => {
    const page = await openPage({ viewport: { width: 1200, height: 800 } });
    const [HEAD, ROW] = ['1 0 1 rg', '0 1 1 rg'];
    // Colours that nothing else has tell heads and rows from the rest.
    await page.evaluate(`
      const [style] = document.styleSheets;
      style.insertRule('thead th { color: rgb(255, 0, 255) }', style.cssRules.length);
      style.insertRule('tbody td { color: rgb(0, 255, 255) }', style.cssRules.length);
    `);
    const printed = inflated(await page.pdf({ format: 'A6', printBackground: true }));
    const withRows = printed.filter((text) => text.includes(ROW));
    expect(withRows.length).toBeGreaterThan(10);
    expect(withRows.filter((text) => !text.includes(HEAD))).toHaveLength(0);
    await page.close();
  },
  PATIENCE_MS,
);

/** What a PDF has compressed, its pages among it. */
function inflated(pdf: Buffer): string[] {
  const streams = pdf
    .toString('latin1')
    .matchAll(/\/FlateDecode[^>]*>>\s*stream\r?\n(.*?)endstream/gs);
  return [...streams].map(([, bytes]) =>
    inflateSync(Buffer.from(bytes!, 'latin1')).toString('latin1'),
  );
}

for (const [name, colorScheme, width] of [
  ['report', 'light', 1200],
  ['report', 'dark', 360],
  ['search', 'light', 360],
  ['search', 'dark', 1200],
] as const) {
  whenInstalled(
    `${name}, ${colorScheme}, ${width} px: axe finds nothing, and nothing is wider than the page`,
    async () => {
      const page = await openPage(
        {
          colorScheme,
          viewport: { width, height: 800 },
          reducedMotion: 'reduce',
          bypassCSP: true,
        },
        name,
      );
      await page.$$eval('#report-0 details, #report-1', (all) => {
        for (const details of all) (details as HTMLDetailsElement).open = true;
      });
      // Rows are alike, and axe takes long over them.
      if (name === 'report') await page.fill('#report-0-filter', 'pool');
      await page.evaluate(axe.source);
      const violations = await page.evaluate(async () => {
        const found = await (
          globalThis as unknown as {
            axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
          }
        ).axe.run();
        return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`);
      });
      expect(violations).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      await page.close();
    },
    PATIENCE_MS,
  );
}
