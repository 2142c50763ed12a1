// Predicts each family of the benchmark, and ../shared/bench-small, by weights that never saw it, before and after ten and
// thirty of its models were measured: a table of docs/own-device.md. Build first; takes about twenty minutes.
//
//     node scripts/own-device/families.mjs CACHE_FOLDER > families.json
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { familyOf, hashOf } from '../../packages/dataset/dist/index.js';
import { decodeWeights, encodeWeights } from '../../packages/latency-model/dist/index.js';
import {
  accuracyOf,
  adaptDevice,
  predictAll,
  trainDevice,
} from '../../packages/training/dist/index.js';
import { readDevices, readMeasuredModels } from '../../packages/training/dist/node.js';

const ROOT = join(import.meta.dirname, '../..');
const SHARED = join(ROOT, '../shared');
const DRAWS = 5;
const COUNTS = [10, 30];
const SMALL = 'nasbench201';

const [cache] = process.argv.slice(2);
mkdirSync(cache, { recursive: true });

/** Weights that were trained without a family, from the cache if they are there. */
function trainedWithout(family, data, ids, folder) {
  const file = join(cache, `${folder}-${family}.bin`);
  if (!existsSync(file))
    writeFileSync(
      file,
      encodeWeights(trainDevice(data, (model) => familyOf(ids[model]) !== family)),
    );
  return decodeWeights(readFileSync(file));
}

function adapt(data, ids, weights, models) {
  const known = predictAll(data, weights);
  const isOne = new Set(models);
  const result = {
    models: models.length,
    before: accuracyOf(data, known, (model) => isOne.has(model)).within10,
  };
  for (const count of COUNTS) {
    const shares = Array.from({ length: DRAWS }, (_, draw) => {
      const order = models.toSorted((a, b) => hashOf(ids[a], draw) - hashOf(ids[b], draw));
      const chosen = new Set(order.slice(0, count));
      const rest = new Set(order.slice(Math.max(...COUNTS)));
      const own = adaptDevice(data, weights, (model) => chosen.has(model));
      const totals = predictAll(data, weights, own.adaptation);
      return accuracyOf(data, totals, (model) => rest.has(model)).within10;
    });
    result[count] = { mean: shares.reduce((a, b) => a + b) / DRAWS, worst: Math.min(...shares) };
  }
  return result;
}

const results = {};
for (const device of await readDevices(join(ROOT, 'predictors'))) {
  const folder = basename(device.folder);
  const { ids, devices } = await readMeasuredModels(join(SHARED, 'bench'), [device]);
  const [data] = devices;
  const families = {};
  for (const family of new Set(ids.map(familyOf))) {
    const models = [...ids.keys()].filter(
      (model) => data.measured[model] > 0 && familyOf(ids[model]) === family,
    );
    if (models.length <= Math.max(...COUNTS)) continue;
    families[family] = adapt(data, ids, trainedWithout(family, data, ids, folder), models);
    process.stderr.write(`${device.name} ${family}: ${JSON.stringify(families[family])}\n`);
  }
  const small = await readMeasuredModels(join(SHARED, 'bench-small'), [device]);
  // Shipped weights know these networks; the benchmark has none of them.
  const unaware = trainedWithout(SMALL, data, ids, folder);
  const all = [...small.ids.keys()].filter((model) => small.devices[0].measured[model] > 0);
  families[SMALL] = adapt(small.devices[0], small.ids, unaware, all);
  results[device.name] = families;
}
process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
