// A benchmark program with faults: node benchmark.mjs MODE RUNS [...]
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const [mode, runs = '1', ...rest] = process.argv.slice(2);
const RUN_MS = 5;

const modes = {
  good: () => measure(`${RUN_MS} ms`),
  none: () => measure('unknown ms'),
  nonsense: () => console.log('all is well, measured 12 of 12'),
  zero: () => measure('0 ms'),
  'not-a-number': () => measure('NaN ms'),
  negative: () => measure('-5 ms'),
  words: () => measure('5.0.1 ms'),
  // What are microseconds is called milliseconds, and the other way round.
  'us-as-ms': () => measure(`${RUN_MS * 1000} ms`),
  'ms-as-us': () => measure(`${RUN_MS / 1000} ms`),
  hang: () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      stdio: 'inherit',
    });
    writeFileSync(rest[0], String(child.pid));
    setInterval(() => {}, 1000);
  },
  fail: () => {
    console.log('latency: 5 ms');
    console.error('\u001b[31mthe device went away\u0000\u001b[0m');
    process.exitCode = 3;
  },
  crash: () => process.kill(process.pid, 'SIGSEGV'),
  flood: async () => {
    const megabyte = Buffer.alloc(1 << 20, 'x');
    for (let count = 0; count < 1024; count++) {
      if (!process.stdout.write(megabyte))
        await new Promise((go) => process.stdout.once('drain', go));
    }
  },
  binary: () => process.stdout.write(randomBytes(100_000)),
  arguments: () => {
    writeFileSync('arguments.json', JSON.stringify(process.argv));
    console.log(`latency: ${RUN_MS} ms`);
    return sleep(RUN_MS * Number(runs));
  },
  // Layers are wanted if there is a file to write them to.
  layers: () => {
    const [text, file] = rest;
    if (file !== undefined && text !== 'nothing') writeFileSync(file, text);
    return measure(`${RUN_MS} ms`);
  },
};

async function measure(latency) {
  await sleep(RUN_MS * Number(runs));
  console.log(`latency: ${latency}`);
}

await modes[mode]();
