import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { cpu, plugins } from './devices.ts';
import { median, round } from './measure.ts';

type Row = Record<string, string | number>;

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Wall time of whole processes, the bare one and ours in turn. */
export function coldStart(runs: number): Row[] {
  const cli = `${root}packages/cli/bin/nn-meter.js`;
  const model = `${root}fixtures/onnx/mobilenet_v2.onnx`;
  const alias = cpu.definition.aliases.at(-1)!;
  const commands: Record<string, string[]> = {
    'node -e 0': ['-e', '0'],
    'nn-meter --version': [cli, '--version'],
    [`nn-meter predict --predictor ${alias} mobilenet_v2.onnx`]: [
      cli,
      ...['predict', '--predictor', alias, model],
    ],
    'nn-meter predict --predictor all mobilenet_v2.onnx': [
      cli,
      ...['predict', '--predictor', 'all', model],
    ],
  };
  const times = Object.values(commands).map((): number[] => []);
  for (let run = 0; run < runs; run++) {
    for (const [index, args] of Object.values(commands).entries()) {
      const start = performance.now();
      execFileSync(process.execPath, args, { stdio: 'ignore' });
      times[index]!.push(performance.now() - start);
    }
  }
  const bare = median(times[0]!);
  return Object.keys(commands).map((command, index) => ({
    command,
    ms: round(median(times[index]!)),
    'times node -e 0': round(median(times[index]!) / bare),
  }));
}

const LOAD = `
const { createPredictor } = await import('@nnmeter/predictor');
const start = performance.now();
const { default: definition } = await import(process.argv[1]);
globalThis.predictor = createPredictor(definition);
const ms = performance.now() - start;
globalThis.gc();
const before = process.memoryUsage();
const more = Array.from({ length: 20 }, () => createPredictor(definition));
const grown = () => {
  globalThis.gc();
  const now = process.memoryUsage();
  return (now.heapUsed + now.arrayBuffers - before.heapUsed - before.arrayBuffers) / more.length;
};
const bytes = grown();
const { buildModel } = await import('@nnmeter/zoo');
const kernels = predictor.describeKernels(buildModel('mobilenet_v2'));
for (const each of more) each.kernelsTotalMs(kernels);
console.log(JSON.stringify({ ms, bytes, used: grown() }));
`;

/** Import of a plugin and decoding of its weights in a fresh process; memory of one more predictor of the same. */
export function loadOnce(plugin: string): { ms: number; bytes: number; used: number } {
  const args = ['--expose-gc', '--input-type=module', '--eval', LOAD, plugin];
  const text = execFileSync(process.execPath, args, { cwd: `${root}bench`, encoding: 'utf8' });
  return JSON.parse(text) as { ms: number; bytes: number; used: number };
}

export function loading(runs: number): Row[] {
  return plugins.map((plugin) => {
    const results = Array.from({ length: runs }, () => loadOnce(plugin.package));
    return {
      predictor: plugin.definition.name,
      'load, ms': round(median(results.map(({ ms }) => ms))),
      'memory, KB': round(median(results.map(({ bytes }) => bytes / 1000))),
      'once used, KB': round(median(results.map(({ used }) => used / 1000))),
    };
  });
}
