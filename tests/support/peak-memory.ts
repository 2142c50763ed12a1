/**
 * A function `peakMegabytes()` as source code for programs that tests start. Linux keeps the maximum of `resourceUsage`
 * over `exec`, so that a child of a large process looks large; VmHWM begins with the program.
 */
export const PEAK_MEGABYTES = `
import { readFileSync } from 'node:fs';
function peakMegabytes() {
  try {
    return Number(/VmHWM:\\s*(\\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024;
  }
}
`;
