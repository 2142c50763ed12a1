import { serveLoad } from './serve-load.ts';
import { serveRates } from './serve-rates.ts';

// node bench/dist/serve.js [--smoke]: rates of `nn-meter serve` by stdin and stdout, and what it does under load by HTTP.

const smoke = process.argv.includes('--smoke');
console.table(await serveRates(smoke ? 200 : 10_000, smoke ? 2_000 : 200_000));
for (const row of await serveLoad(64, smoke ? 600 : 10_000)) console.table([row]);
