import { availableParallelism } from 'node:os';
import { NnMeterError } from '@nnmeter/ir';
import type { FormatFacts } from '@nnmeter/model-source';
import { closest, distance } from 'fastest-levenshtein';
import yargs, { type InferredOptionTypes, type Options } from 'yargs';
import { EXPORTERS, type ExportFormat } from './exporters.ts';

/** What can be typed after `nn-meter`. */
export const COMMANDS = [
  'predict',
  'lat_pred',
  'report',
  'ui',
  'getir',
  'get_ir',
  'export',
  'calibrate',
  'build',
  'serve',
  'eval',
  'nas',
  'predictors',
  'register',
  'unregister',
  'dataset',
] as const;

/** One value per occurrence: `--predictor a --predictor b`. */
const repeatable = { type: 'string', array: true, nargs: 1 } as const;
/** Several values per occurrence: `--onnx a.onnx b.onnx`. */
const several = { type: 'string', array: true, requiresArg: true } as const;

const commonOptions = {
  json: { type: 'boolean', describe: 'Print JSON on stdout, and nothing else there' },
  verbose: { type: 'boolean', describe: 'Show the stack traces of errors' },
} as const satisfies Record<string, Options>;

/** Of the commands that take models, which take an option of each format besides. */
const sourceOptions = {
  'input-shape': {
    ...repeatable,
    describe: 'Shape of the input: 1,3,224,224 or name=1,3,224,224',
  },
  dimension: {
    ...repeatable,
    describe: 'Extent of a dimension that the model leaves open: batch=8',
  },
  assume: {
    ...repeatable,
    describe: 'Size that depends on data: nonzero=100, loop=20 (README: all names)',
  },
  signature: {
    type: 'string',
    requiresArg: true,
    describe: 'Signature of a SavedModel or TFLite file (default: serving_default)',
  },
} as const satisfies Record<string, Options>;

const predictorOptions = {
  predictor: {
    ...repeatable,
    describe: 'Predictor by name, "all" (default) or "all-experimental"',
  },
  precision: {
    type: 'string',
    requiresArg: true,
    describe: 'Number format, of predictors with several: int8',
  },
  cores: {
    type: 'string',
    requiresArg: true,
    describe: 'Processor cores, of predictors with several: "4 little"',
  },
  'predictor-version': { type: 'string', requiresArg: true, describe: 'Version of the predictor' },
  calibration: { ...repeatable, describe: 'File written by nn-meter calibrate' },
  threads: {
    type: 'number',
    requiresArg: true,
    describe: 'Threads for large jobs (default: one a processor, at most 8)',
  },
} as const satisfies Record<string, Options>;

const predictOptions = {
  ...predictorOptions,
  ...sourceOptions,
  recursive: { type: 'boolean', describe: 'Look into the folders inside folders too' },
  kernels: { type: 'boolean', describe: 'Show every kernel' },
  top: { type: 'number', requiresArg: true, describe: 'Show the N heaviest kernels (default: 10)' },
  sweep: {
    type: 'string',
    requiresArg: true,
    describe: 'Predict for many values: resolution=32..1024, batch=1,2,4, channels=0.5..2/0.25',
  },
  'max-ms': { type: 'string', requiresArg: true, describe: 'Fail for a model that takes longer' },
  'max-memory': {
    type: 'string',
    requiresArg: true,
    describe: 'Fail for one whose weights and activations take more: 20MB',
  },
  'max-params': {
    type: 'string',
    requiresArg: true,
    describe: 'Fail for one of more parameters: 5M',
  },
  strict: { type: 'boolean', describe: 'Fail for a model that is not counted to the end' },
  'list-predictors': { type: 'boolean', describe: 'List the predictors and stop' },
  ...commonOptions,
} as const satisfies Record<string, Options>;

const reportOptions = {
  predictor: predictorOptions.predictor,
  precision: predictorOptions.precision,
  cores: predictorOptions.cores,
  'predictor-version': predictorOptions['predictor-version'],
  calibration: predictorOptions.calibration,
  ...sourceOptions,
  recursive: predictOptions.recursive,
  output: {
    type: 'string',
    alias: 'o',
    requiresArg: true,
    describe: 'File to write (default: report.html); - is stdout',
  },
  open: { type: 'boolean', describe: 'Show it in the browser' },
  verbose: commonOptions.verbose,
} as const satisfies Record<string, Options>;

const uiOptions = {
  recursive: predictOptions.recursive,
  port: { type: 'number', requiresArg: true, describe: 'Of the page (default: any that is free)' },
  open: reportOptions.open,
  ...commonOptions,
} as const satisfies Record<string, Options>;

const convertOptions = {
  ...sourceOptions,
  output: {
    type: 'string',
    alias: 'o',
    requiresArg: true,
    describe: 'File to write (default: <input>_onnx_ir.json, <input>_pb.onnx ...); - is stdout',
  },
  ...commonOptions,
} as const satisfies Record<string, Options>;

const exportOptions = {
  to: {
    choices: Object.keys(EXPORTERS) as ExportFormat[],
    describe: "Format to write (default: that of the output's name, or onnx)",
  },
  weights: {
    choices: ['none', 'zero', 'random'] as const,
    describe:
      'Zeros made when the model is loaded (onnx, default), zeros (tflite, default), or random',
  },
  external: { type: 'boolean', describe: 'Weights in a file beside the model (onnx)' },
  ...convertOptions,
} as const satisfies Record<string, Options>;

const calibrateOptions = {
  predictor: { type: 'string', demandOption: true, describe: 'Predictor to start from, by name' },
  precision: predictorOptions.precision,
  cores: predictorOptions.cores,
  'predictor-version': predictorOptions['predictor-version'],
  measurements: {
    type: 'string',
    demandOption: true,
    describe: 'CSV file: a model file and its measured ms in each line',
  },
  output: { type: 'string', alias: 'o', demandOption: true, describe: 'File to write (JSON)' },
  ...sourceOptions,
  ...commonOptions,
} as const satisfies Record<string, Options>;

const buildOptions = {
  name: { type: 'string', demandOption: true, requiresArg: true, describe: 'Of the predictor' },
  runner: {
    type: 'string',
    demandOption: true,
    requiresArg: true,
    describe: 'What measures: onnxruntime, openvino, ... (README: all), or a JSON file',
  },
  minutes: {
    type: 'number',
    requiresArg: true,
    describe: 'Time to take, about (default: 2, if there is no --models)',
  },
  models: { type: 'number', requiresArg: true, describe: 'Models to measure' },
  for: { ...several, describe: 'Models or folders of those that matter: measured too' },
  seed: { type: 'number', requiresArg: true, describe: 'Of the draw of models (default: 1)' },
  threads: { type: 'number', requiresArg: true, describe: 'Threads of the runtime (default: 1)' },
  serial: { type: 'string', requiresArg: true, describe: 'Of the phone, for runners by adb' },
  parameter: { ...repeatable, describe: 'Value that the runner asks for: host=me@box' },
  resume: { type: 'boolean', describe: 'Go on with a build that was interrupted' },
  output: {
    type: 'string',
    alias: 'o',
    requiresArg: true,
    describe: 'Folder for the plugin (default: among the predictors of this machine)',
  },
  journal: { type: 'string', requiresArg: true, describe: 'File of what was measured' },
  ...commonOptions,
} as const satisfies Record<string, Options>;

const serveOptions = {
  http: { type: 'boolean', describe: 'Serve HTTP, not JSON lines on stdin and stdout' },
  mcp: { type: 'boolean', describe: 'Serve tools for assistants (MCP) on stdin and stdout' },
  port: { type: 'number', requiresArg: true, describe: 'Of HTTP; 0: any (default: 7878)' },
  host: {
    type: 'string',
    requiresArg: true,
    describe: 'Address of HTTP; others than 127.0.0.1 need NNMETER_TOKEN',
  },
  root: {
    type: 'string',
    requiresArg: true,
    describe: 'Folder whose files HTTP requests may name (default: the current one)',
  },
  'max-body': { type: 'number', requiresArg: true, describe: 'MB of a request (default: 64)' },
  'max-waiting': {
    type: 'number',
    requiresArg: true,
    describe: 'Requests that may wait for a thread (default: 256)',
  },
  'max-seconds': {
    type: 'number',
    requiresArg: true,
    describe: 'Time for a request (default: 30)',
  },
  ...predictorOptions,
  ...commonOptions,
} as const satisfies Record<string, Options>;

const evalOptions = {
  ...predictorOptions,
  'held-out': {
    type: 'boolean',
    describe: 'Leave out the models that the predictor may have been trained on',
  },
  column: {
    type: 'string',
    requiresArg: true,
    describe: "Of the dataset's measurements (default: the predictor's name)",
  },
  scale: {
    choices: ['fit'] as const,
    requiresArg: true,
    describe: 'Multiply all predictions by one factor, the median of measured by predicted',
  },
  plot: {
    type: 'string',
    requiresArg: true,
    describe: 'Draw predictions against measurements into a .svg or .html file',
  },
  ...commonOptions,
} as const satisfies Record<string, Options>;

const nasOptions = {
  space: { type: 'string', requiresArg: true, describe: 'Search space: a name, or a .js file' },
  table: {
    type: 'string',
    requiresArg: true,
    describe: 'Table to search by, instead of a new one',
  },
  predictor: predictorOptions.predictor,
  'predictor-version': predictorOptions['predictor-version'],
  calibration: predictorOptions.calibration,
  threads: predictorOptions.threads,
  'input-shape': { type: 'string', requiresArg: true, describe: 'Shape of the input: 1,3,32,32' },
  limit: {
    ...repeatable,
    describe:
      'What candidates must keep to: cortexA76=52 (ms at most), cortexA76=40..52, macs=330e6',
  },
  upper: { type: 'boolean', describe: 'Hold limits of ms against the upper end of the interval' },
  minimize: {
    ...repeatable,
    describe: 'Objective: a device, macs, parameters, an evaluator value',
  },
  maximize: { ...repeatable, describe: 'Objective: an evaluator value (default without: proxy)' },
  evaluator: {
    type: 'string',
    requiresArg: true,
    describe: 'Who trains: a command, http://..., or a NAS-Bench-201 table (.csv, .csv.gz)',
  },
  evaluations: {
    type: 'number',
    requiresArg: true,
    describe: 'Candidates to evaluate (default: 200; 10,000 without an evaluator)',
  },
  parallel: { type: 'number', requiresArg: true, describe: 'Candidates at once (default: 1)' },
  'time-limit': {
    type: 'number',
    requiresArg: true,
    describe: 'Seconds a candidate (default: 3600)',
  },
  retries: { type: 'number', requiresArg: true, describe: 'Of a failed candidate (default: 1)' },
  strategy: {
    type: 'string',
    requiresArg: true,
    describe: 'random, grid, evolution (default of one objective), nsga2 (of several), local',
  },
  population: { type: 'number', requiresArg: true, describe: 'Of evolution and nsga2' },
  seed: { type: 'number', requiresArg: true, describe: 'Of chance (default: 1)' },
  journal: { type: 'string', requiresArg: true, describe: 'File of what was evaluated' },
  resume: { type: 'boolean', describe: 'Go on with a search that was interrupted' },
  fronts: { type: 'number', requiresArg: true, describe: 'Pareto fronts to report (default: 4)' },
  html: { type: 'string', requiresArg: true, describe: 'Write the fronts as a page with a plot' },
  csv: { type: 'string', requiresArg: true, describe: 'Write the fronts as CSV' },
  onnx: { type: 'string', requiresArg: true, describe: 'Folder for the networks of the fronts' },
  format: {
    choices: ['nnmeter', 'ofa', 'nni'] as const,
    describe: 'Of a table: ours (default), that of Once-for-All, that of NNI',
  },
  output: { type: 'string', alias: 'o', requiresArg: true, describe: 'File to write; - is stdout' },
  ...commonOptions,
} as const satisfies Record<string, Options>;

const downloadOptions = {
  sha256: { type: 'string', requiresArg: true, describe: 'SHA-256 the download must have' },
} as const satisfies Record<string, Options>;

const predictorsOptions = {
  ...downloadOptions,
  ...commonOptions,
} as const satisfies Record<string, Options>;

const registerOptions = {
  predictor: { type: 'string', requiresArg: true, describe: 'Description: a YAML or JSON file' },
  ...commonOptions,
} as const satisfies Record<string, Options>;

const unregisterOptions = {
  predictor: { type: 'string', requiresArg: true, describe: 'Name of the predictor' },
  'predictor-version': predictorOptions['predictor-version'],
  ...commonOptions,
} as const satisfies Record<string, Options>;

const datasetOptions = {
  zip: { type: 'string', requiresArg: true, describe: 'Take this zip instead of downloading one' },
  ...downloadOptions,
  ...commonOptions,
} as const satisfies Record<string, Options>;

/** Values of options, positional arguments, and what follows a bare `--`. */
type Values<O extends Record<string, Options>> = InferredOptionTypes<O> & {
  files?: string[] | undefined;
  datasets?: string[] | undefined;
  '--'?: string[];
};
export type PredictArguments = Values<typeof predictOptions>;
export type ReportArguments = Values<typeof reportOptions>;
export type UiArguments = Values<typeof uiOptions>;
export type ConvertArguments = Values<typeof convertOptions>;
export type ExportArguments = Values<typeof exportOptions>;
export type PredictorsArguments = Values<typeof predictorsOptions> & {
  action?: string | undefined;
  names?: string[] | undefined;
};
export type ListArguments = Values<typeof commonOptions>;
export type RegisterArguments = Values<typeof registerOptions> & {
  'predictor-version'?: string | undefined;
};
export type DatasetArguments = Values<typeof datasetOptions>;
export type CalibrateArguments = Values<typeof calibrateOptions>;
export type BuildArguments = Values<typeof buildOptions>;
export type ServeArguments = Values<typeof serveOptions>;
export type EvalArguments = Values<typeof evalOptions>;
export type NasArguments = Values<typeof nasOptions> & {
  action?: string | undefined;
  names?: string[] | undefined;
};
/** Besides, the values of each format's option by its name. */
export type SourceArguments = Values<typeof sourceOptions>;

/** A parsed command line. */
export type Invocation =
  | { readonly command: 'predict'; readonly options: PredictArguments }
  | { readonly command: 'report'; readonly options: ReportArguments }
  | { readonly command: 'ui'; readonly options: UiArguments }
  | { readonly command: 'getir'; readonly options: ConvertArguments }
  | { readonly command: 'export'; readonly options: ExportArguments }
  | { readonly command: 'calibrate'; readonly options: CalibrateArguments }
  | { readonly command: 'build'; readonly options: BuildArguments }
  | { readonly command: 'serve'; readonly options: ServeArguments }
  | { readonly command: 'eval'; readonly options: EvalArguments }
  | { readonly command: 'nas'; readonly options: NasArguments }
  | { readonly command: 'predictors'; readonly options: PredictorsArguments }
  | { readonly command: 'register'; readonly options: RegisterArguments }
  | { readonly command: 'unregister'; readonly options: RegisterArguments }
  | { readonly command: 'dataset'; readonly options: DatasetArguments };

const filesArgument = {
  type: 'string',
  array: true,
  describe: 'Model files or folders; the type is found by content',
} as const;

const datasetsArgument = {
  type: 'string',
  array: true,
  describe: 'Files of measured models (.jsonl or .jsonl.gz), or folders of them',
} as const;

/** The options of a command that takes models, with those of the formats in front of the shapes. */
function withFormats<O extends Record<string, Options>>(
  options: O,
  formats: readonly FormatFacts[],
): O {
  const ofFormats = formats.flatMap(({ option }): [string, Options][] =>
    option === undefined || Object.hasOwn(options, option.name)
      ? []
      : [[option.name, { ...several, describe: option.description }]],
  );
  const own = Object.entries(options);
  const at = Math.max(
    0,
    own.findIndex(([name]) => name === 'input-shape'),
  );
  return Object.fromEntries([...own.slice(0, at), ...ofFormats, ...own.slice(at)]) as O;
}

/**
 * Parses a command line.
 * @param formats those that models may have
 * @returns undefined if help or the version was asked for and has been printed.
 * @throws NnMeterError E_USAGE naming the argument, with a suggestion.
 */
export async function parseArguments(
  argv: readonly string[],
  version: string,
  formats: readonly FormatFacts[],
): Promise<Invocation | undefined> {
  let invocation: Invocation | undefined;
  const forPredict = withFormats(predictOptions, formats);
  const forReport = withFormats(reportOptions, formats);
  const forUi = withFormats(uiOptions, formats);
  const forConvert = withFormats(convertOptions, formats);
  const forExport = withFormats(exportOptions, formats);
  const known: Record<Invocation['command'], Record<string, Options>> = {
    predict: forPredict,
    report: forReport,
    ui: forUi,
    getir: forConvert,
    export: forExport,
    calibrate: calibrateOptions,
    build: buildOptions,
    serve: serveOptions,
    eval: evalOptions,
    nas: nasOptions,
    predictors: predictorsOptions,
    register: registerOptions,
    unregister: unregisterOptions,
    dataset: datasetOptions,
  };
  const select = (chosen: Invocation): void => {
    checkOptions(chosen.options, known[chosen.command]);
    invocation = chosen;
  };

  await yargs(argv.map(withDashes))
    .scriptName('nn-meter')
    .locale('en')
    .parserConfiguration({
      'camel-case-expansion': false,
      'strip-aliased': true,
      'dot-notation': false,
      'boolean-negation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'populate--': true,
    })
    .usage('Predict how fast a neural network runs on a device, without the device.\n')
    .usage('  $0 [predict] --predictor NAME|all MODEL...')
    .command(
      ['predict [files..]', '$0', 'lat_pred'],
      'Predict latency (also without the word "predict")',
      (command) => command.positional('files', filesArgument).options(forPredict),
      (options) => select({ command: 'predict', options }),
    )
    .command(
      'report [files..]',
      'Write a web page: where time and memory go, on every device, side by side',
      (command) => command.positional('files', filesArgument).options(forReport),
      (options) => {
        if ('json' in options)
          throw usageError('report writes a page; JSON is what nn-meter predict --json prints');
        select({ command: 'report', options });
      },
    )
    .command(
      'ui [files..]',
      'Show models in the browser, live: what-if, comparison, more models by drag and drop',
      (command) => command.positional('files', filesArgument).options(forUi),
      (options) => select({ command: 'ui', options }),
    )
    .command(
      ['getir [files..]', 'get_ir'],
      'Convert a model to nn-Meter IR (JSON)',
      (command) => command.positional('files', filesArgument).options(forConvert),
      (options) => select({ command: 'getir', options }),
    )
    .command(
      'export [files..]',
      'Write a model as ONNX or TensorFlow Lite, with weights of zeros or random ones',
      (command) => command.positional('files', filesArgument).options(forExport),
      (options) => select({ command: 'export', options }),
    )
    .command(
      'calibrate',
      'Adapt a predictor to your own measurements',
      (command) => command.options(calibrateOptions),
      (options) => select({ command: 'calibrate', options }),
    )
    .command(
      'build',
      'Make a predictor of your own device: measure, train, check',
      (command) => command.options(buildOptions),
      (options) => select({ command: 'build', options }),
    )
    .command(
      'serve',
      'Answer other programs: JSON lines, HTTP, or tools for assistants (MCP)',
      (command) => command.options(serveOptions),
      (options) => select({ command: 'serve', options }),
    )
    .command(
      'eval [datasets..]',
      'Compare predictions with the measurements of a dataset',
      (command) => command.positional('datasets', datasetsArgument).options(evalOptions),
      (options) => select({ command: 'eval', options }),
    )
    .command(
      'nas <action> [names..]',
      'Search architectures by predicted latency: spaces, table, search, front',
      (command) =>
        command
          .positional('action', { choices: ['spaces', 'table', 'search', 'front'] as const })
          .positional('names', {
            type: 'string',
            array: true,
            describe: 'A space; of front, journals',
          })
          .options(nasOptions),
      (options) => select({ command: 'nas', options }),
    )
    .command(
      'predictors [action] [names..]',
      'List the predictors; pull (download) or import those of the original nn-Meter',
      (command) =>
        command
          .positional('action', { choices: ['list', 'pull', 'import'] as const })
          .positional('names', { type: 'string', array: true, describe: 'Names, zips or folders' })
          .options(predictorsOptions),
      (options) => select({ command: 'predictors', options }),
    )
    .command(
      'register',
      'Add a predictor of your own, described as for the original nn-Meter',
      (command) => command.options(registerOptions),
      (options) => select({ command: 'register', options }),
    )
    .command(
      'unregister',
      'Remove a registered, imported or downloaded predictor',
      (command) => command.options(unregisterOptions),
      (options) => select({ command: 'unregister', options }),
    )
    .command(
      'dataset <action>',
      'Download the benchmark of measured models (pull)',
      (command) =>
        command.positional('action', { choices: ['pull'] as const }).options(datasetOptions),
      (options) => select({ command: 'dataset', options }),
    )
    .example('$0 --predictor all --onnx resnet18.onnx', 'one model on every device')
    .example('$0 --predictor all models/', 'a folder of models, types found by content')
    .example('$0 --torchvision resnet18 mobilenet_v2', 'models by name')
    .example('$0 model.onnx --json > report.json', 'for other programs')
    .example('$0 report model.onnx --open', 'a page about it')
    .example('$0 ui model.onnx --open', 'the same, live')
    .example('$0 getir --onnx resnet18.onnx', 'write resnet18_onnx_ir.json')
    .example('$0 build --name mine --runner onnxruntime', 'a predictor of this machine')
    .example('$0 nas search spos --limit cortexA76=52', 'the best networks under 52 ms')
    .example('$0 eval dataset/ --plot accuracy.html', 'predictions against measurements')
    .epilogue('Exit code: 0 if everything was predicted, 1 if anything failed (usage errors too).')
    .version(version)
    .help()
    .alias('help', 'h')
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .exitProcess(false)
    .fail((message, error) => {
      throw error instanceof NnMeterError ? error : usageError(message.toLowerCase());
    })
    .parseAsync();
  return invocation;
}

/** How many threads --threads asks for. @throws NnMeterError E_USAGE */
export function threadCount(threads: number | undefined): number {
  if (threads === undefined) return Math.min(8, availableParallelism());
  if (Number.isInteger(threads) && threads >= 1 && threads <= 64) return threads;
  throw usageError('--threads needs a whole number from 1 to 64');
}

/** The port that --port names; 0 is any that is free. @throws NnMeterError E_USAGE */
export function checkPort(port: number): number {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw usageError('--port needs a whole number from 0 to 65535');
}

/** An E_USAGE error that points to --help. */
export function usageError(what: string): NnMeterError {
  return new NnMeterError('E_USAGE', `${what}; see nn-meter --help`);
}

/** ` (did you mean "..."?)` if a candidate is near, else nothing. */
export function suggestion(typed: string, candidates: readonly string[]): string {
  if (candidates.length === 0) return '';
  const nearest = closest(typed, candidates);
  return distance(typed, nearest) <= Math.max(2, typed.length / 3)
    ? ` (did you mean "${nearest}"?)`
    : '';
}

/** The original spelled some options with underscores: `--nn_meter_ir` is `--nn-meter-ir`. */
function withDashes(argument: string): string {
  const [, option, rest] = /^(--[a-z][a-z_-]*)(.*)$/s.exec(argument) ?? [];
  return option === undefined ? argument : option.replaceAll('_', '-').replace(/^-+/, '--') + rest;
}

/** @throws NnMeterError E_USAGE for what yargs lets pass: unknown options, words left over, values given twice */
function checkOptions(given: object, known: Record<string, Options>): void {
  const names = Object.keys(known);
  const positional = ['_', '$0', '--', 'files', 'datasets', 'action', 'names'];
  const accepted = new Set([...positional, 'help', 'version', ...names]);
  for (const [name, value] of Object.entries(given)) {
    if (Array.isArray(value) && Object.hasOwn(known, name) && !known[name]?.array) {
      throw usageError(`--${name} is given ${value.length} times, but it takes one value`);
    }
    if (accepted.has(name)) continue;
    const dashes = name.length === 1 ? '-' : '--';
    const near = suggestion(
      `--${name}`,
      [...names, 'help', 'version'].map((option) => `--${option}`),
    );
    throw usageError(`unknown option ${dashes}${name}${near}`);
  }
  const [, extra] = (given as { _?: readonly unknown[] })._ ?? [];
  if (extra !== undefined) throw usageError(`"${extra}" is one argument too many`);
}
