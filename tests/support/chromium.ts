import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { testIf } from './test-if.ts';

const { ProgramFiles = '', 'ProgramFiles(x86)': olderPrograms = '' } = process.env;

/** Where Linux, macOS and Windows keep a browser that is Chromium. */
export const CHROMIUM = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  join(ProgramFiles, 'Google/Chrome/Application/chrome.exe'),
  join(olderPrograms, 'Microsoft/Edge/Application/msedge.exe'),
].find((path) => existsSync(path));

/** A test that is skipped, with a word, where there is none. */
export const whenInstalled = testIf(CHROMIUM !== undefined, 'no Chromium');

/** Starts it; it talks to nobody by itself. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM!,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  });
}
