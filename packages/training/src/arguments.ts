import { join } from 'node:path';
import { NnMeterError } from '@nnmeter/ir';
import yargs from 'yargs';

/** Without a name `--breakdown` writes this file. */
const BREAKDOWN_FILE = join('docs', 'breakdown.md');

const SHARED = process.env.NNMETER_SHARED ?? join('..', 'shared');
const BENCH = join(SHARED, 'bench');
const BENCH_SMALL = join(SHARED, 'bench-small');

const SINGLE = ['predictors', 'rounds', 'every', 'breakdown'] as const;

/** Reads the command line of `nnmeter-train`; undefined if it asked for help or the version, which is printed. */
export async function parseArguments(argv: readonly string[], version: string) {
  let isDone = false;
  const options = await yargs()
    .scriptName('nnmeter-train')
    .usage('$0: trains the latency models of devices and records their accuracy')
    .option('predictors', {
      type: 'string',
      default: 'predictors',
      describe:
        'folder of devices, each a folder with device.json, rules.json and perhaps anchors.json',
    })
    .option('device', { type: 'string', array: true, describe: 'folders in it; default: all' })
    .option('data', {
      type: 'string',
      array: true,
      describe: `folders of *.jsonl.gz, a measured model a line; default: ${BENCH}`,
    })
    .option('variations', {
      type: 'string',
      array: true,
      describe: `the same, of networks that are made of the same few kernels: they teach the trees only; default without --data: ${BENCH_SMALL}`,
    })
    .option('rounds', { type: 'number', describe: 'trees of the correction; 0: base only' })
    .option('every', { type: 'number', default: 1, describe: 'only every n-th model, for trials' })
    .option('families', {
      type: 'boolean',
      default: false,
      describe: 'only the protocol of unseen families; writes nothing',
    })
    .option('few-shot', {
      type: 'boolean',
      default: false,
      describe: 'the same, then with ten measured models of each family, and of a sibling device',
    })
    .option('split', {
      type: 'boolean',
      default: false,
      describe: 'only the protocol of the random split; writes nothing',
    })
    .option('breakdown', {
      type: 'string',
      coerce: (file: string) => file || BREAKDOWN_FILE,
      describe: `writes a page (default ${BREAKDOWN_FILE}): known networks by kernel type, and single measured ops`,
    })
    .option('dry-run', { type: 'boolean', default: false, describe: 'writes nothing' })
    .version(version)
    .strict()
    .check((options) => {
      const twice = SINGLE.find((name) => Array.isArray(options[name]));
      if (twice === undefined) return true;
      throw new NnMeterError('E_INVALID_INPUT', `--${twice} is given twice`);
    })
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new NnMeterError('E_INVALID_INPUT', `${message}; see nnmeter-train --help`);
    })
    .parseAsync([...argv], {}, (_error, _arguments, output) => {
      if (output === '') return;
      isDone = true;
      process.stdout.write(`${output}\n`);
    });
  if (isDone) return undefined;
  const { data, variations } = options;
  return {
    ...options,
    data: data ?? [BENCH],
    variations: variations ?? (data === undefined ? [BENCH_SMALL] : []),
  };
}

export type TrainArguments = NonNullable<Awaited<ReturnType<typeof parseArguments>>>;
