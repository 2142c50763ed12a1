import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeForest } from '@nnmeter/forest';
import { GraphBuilder } from '@nnmeter/ir';
import {
  importNnMeterPredictor,
  predictorSource,
  registerNnMeterPredictor,
} from '@nnmeter/nn-meter-predictors';
import { readSklearnForest } from '@nnmeter/sklearn-pickle';
import fc from 'fast-check';
import { fixtures, shared, withHome } from '../files.ts';
import type { FuzzFormat } from '../format.ts';
import { Violation } from '../judge.ts';
import { mutants } from '../mutants.ts';
import { json } from '../syntax/json.ts';
import { lines } from '../syntax/lines.ts';
import { pickle as pickleSyntax } from '../syntax/pickle.ts';
import { zip as zipSyntax } from '../syntax/zip.ts';
import { checkedReport } from '../use-graph.ts';

const TINY = 'packages/nn-meter-predictors/fixtures/tiny';
const [FOREST] = fixtures(TINY, /^fc\.pkl$/);
const [RULES] = fixtures(TINY, /^fusion_rules\.json$/);

const builder = new GraphBuilder('net');
const NET = builder.build(builder.fc(builder.input('x', [1, 1024]), 1000));

export const pickle: FuzzFormat = {
  name: 'pickle',
  suffix: '.pkl',
  testRuns: 200,
  mutants: () =>
    mutants(pickleSyntax, [
      ...fixtures('packages/sklearn-pickle/fixtures', /\.pkl$/),
      FOREST!,
      ...shared('hostile', /\.pkl$/),
    ]),
  use: (bytes) => {
    const { forest } = readSklearnForest(bytes);
    const latency = forest.predict(new Float64Array(forest.featureCount).fill(64));
    if (!Number.isFinite(latency)) throw new Violation('latency', `the forest predicts ${latency}`);
  },
};

/** A predictor of one kernel in a folder of the file system. */
async function writeFolder(folder: string): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, 'fc.pkl'), FOREST!);
  await writeFile(join(folder, 'fusion_rules.json'), RULES!);
}

/** Every predictor that is kept at the moment predicts, or one that cannot says why. */
async function useStored(): Promise<void> {
  let problem: unknown;
  const entries = await predictorSource.list((each) => {
    problem ??= each;
  });
  for (const { name, version, hint } of entries) {
    if (hint !== undefined) continue;
    const predictor = await predictorSource.load(name, version);
    if (predictor === undefined) throw new Violation('latency', `${name} is listed and not there`);
    checkedReport(predictor, NET);
  }
  if (problem !== undefined) throw problem;
}

const DESCRIPTION = {
  name: 'my_phone',
  version: '1.0',
  category: 'cpu',
  package_location: 'tiny',
  kernel_predictors: ['fc'],
};

const YAML = `# comment
name: my_phone
version: "1.0"
category: cpu
package_location: tiny
kernel_predictors:
  - fc
`;

export const description: FuzzFormat = {
  name: 'description',
  suffix: '.yaml',
  testRuns: 60,
  mutants: () =>
    fc.oneof(
      mutants(lines, [Buffer.from(YAML)]),
      mutants(json, [Buffer.from(JSON.stringify(DESCRIPTION))]),
    ),
  use: (bytes) =>
    withHome(async (home) => {
      await writeFolder(join(home, 'tiny'));
      await writeFile(join(home, 'meta.yaml'), bytes);
      await registerNnMeterPredictor(join(home, 'meta.yaml'));
      await useStored();
    }),
};

export const fusionRules: FuzzFormat = {
  name: 'fusion-rules',
  suffix: '.json',
  testRuns: 60,
  mutants: () => mutants(json, [RULES!]),
  use: (bytes) =>
    withHome(async (home) => {
      await writeFolder(join(home, 'tiny'));
      await writeFile(join(home, 'tiny/fusion_rules.json'), bytes);
      await importNnMeterPredictor(join(home, 'tiny'));
      await useStored();
    }),
};

const FOREST_FILE = encodeForest(readSklearnForest(FOREST!).forest);

/** What a stored predictor of one kernel says of itself. */
const STORED = {
  format: 1,
  name: 'tiny',
  version: '1.0',
  category: 'cpu',
  origin: { from: 'here', sha256: null, fingerprint: null },
  fusionRules: { BF_fc_relu: true },
  kernels: {
    fc: {
      sha256: createHash('sha256').update(FOREST_FILE).digest('hex'),
      bytes: FOREST_FILE.length,
      trees: 1,
      nodes: 1,
    },
  },
};

export const store: FuzzFormat = {
  name: 'store',
  suffix: '.json',
  testRuns: 60,
  mutants: () => mutants(json, [Buffer.from(JSON.stringify(STORED))]),
  use: (bytes) =>
    withHome(async (home) => {
      const folder = join(home, 'data/predictors/tiny@1.0');
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'predictor.json'), bytes);
      await writeFile(join(folder, 'fc.forest'), FOREST_FILE);
      await useStored();
    }),
};

export const zip: FuzzFormat = {
  name: 'zip',
  suffix: '.zip',
  testRuns: 60,
  mutants: () => mutants(zipSyntax, fixtures('fixtures/nn-meter', /\.zip$/)),
  use: (bytes) =>
    withHome(async (home) => {
      await writeFile(join(home, 'tiny.zip'), bytes);
      await importNnMeterPredictor(join(home, 'tiny.zip'));
      await useStored();
    }),
};
