// Has headless Chromium measure itself on the page of @nnmeter/web, and takes the plugin along. Needs a built checkout and
// Chromium.
//
//     node scripts/own-device/chromium.mjs FOLDER [MINUTES]
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import { chromium } from 'playwright-core';
import { PAGE_FOLDER, PAGE_HEADERS } from '../../apps/web/dist/index.js';
import { createPageApp, listen } from '../../packages/server/dist/http.js';

const [folder, minutes = '2'] = process.argv.slice(2);
const site = { folder: PAGE_FOLDER, headers: PAGE_HEADERS, documents: {}, files: new Map() };
const server = await listen(await createPageApp(site), {
  host: '127.0.0.1',
  port: 0,
  requestMs: 30_000,
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
const page = await browser.newPage();
await page.goto(`http://127.0.0.1:${server.port}/`);
await page.click('.measure summary');
await page.fill('.measure input[pattern]', basename(folder));
await page.fill('.measure .amount', minutes);
await page.click('.measure button[type=submit]');
await page.waitForSelector('.built, .measure [role=alert]', { timeout: 0 });
process.stdout.write(`${await page.textContent('.built, .measure [role=alert]')}\n`);
const [download] = await Promise.all([
  page.waitForEvent('download'),
  page.click('button:text-is("Plugin (zip)")'),
]);
for (const [path, bytes] of Object.entries(unzipSync(readFileSync(await download.path())))) {
  const file = join(dirname(folder), path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
}
await browser.close();
await server.close();
