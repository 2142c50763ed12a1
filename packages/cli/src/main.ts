import { createRequire } from 'node:module';
import { listFormats } from '@nnmeter/predictor';
import { type Invocation, type ListArguments, parseArguments } from './arguments.ts';
import { describeFailure, stackOf } from './failure.ts';
import { expandPatterns } from './shell-patterns.ts';
import { leavingNothing } from './signals.ts';
import { openTerminal, type Terminal } from './terminal.ts';

/** Commands that compute for long at one go, which Ctrl-C ends at once; the others write files. */
const COMPUTING: ReadonlySet<Invocation['command']> = new Set(['predict', 'eval']);

/**
 * Runs `nn-meter` with the arguments of a command line (without `node` and the script).
 * @returns the exit code: 0 if everything worked, 1 if anything failed, usage errors included
 */
export async function main(argv: readonly string[]): Promise<number> {
  const terminal = openTerminal(argv.includes('--verbose'));
  try {
    const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
    const words = argv.length === 0 ? ['--help'] : await expandPatterns(argv);
    const invocation = await parseArguments(words, version, await listFormats());
    if (argv.length === 0) return 1;
    if (invocation === undefined) return 0;
    const work = () => run(invocation, version, terminal);
    return await (COMPUTING.has(invocation.command) ? work() : leavingNothing(work));
  } catch (error) {
    terminal.error(describeFailure(error), stackOf(error));
    return 1;
  }
}

/** Loads only the code of the command that was asked for. */
async function run(invocation: Invocation, version: string, terminal: Terminal): Promise<number> {
  switch (invocation.command) {
    case 'predict': {
      if (invocation.options['list-predictors'])
        return listPredictors(invocation.options, terminal);
      const { sweep: values } = invocation.options;
      if (values !== undefined) {
        const { sweep } = await import('./commands/sweep.ts');
        return sweep({ ...invocation.options, sweep: values }, terminal);
      }
      const { predict } = await import('./commands/predict.ts');
      return predict(invocation.options, terminal);
    }
    case 'report': {
      const { report } = await import('./commands/report.ts');
      return report(invocation.options, terminal);
    }
    case 'ui': {
      const { ui } = await import('./commands/ui.ts');
      return ui(invocation.options, terminal);
    }
    case 'getir': {
      const { getIr } = await import('./commands/convert.ts');
      return getIr(invocation.options, terminal);
    }
    case 'export': {
      const { exportModels } = await import('./commands/convert.ts');
      return exportModels(invocation.options, terminal);
    }
    case 'calibrate': {
      const { calibrate } = await import('./commands/calibrate.ts');
      return calibrate(invocation.options, terminal);
    }
    case 'build': {
      const { build } = await import('./commands/build.ts');
      return build(invocation.options, terminal);
    }
    case 'serve': {
      const { serve } = await import('./commands/serve.ts');
      return serve(invocation.options, version, terminal);
    }
    case 'eval': {
      const { evalCommand } = await import('./commands/eval.ts');
      return evalCommand(invocation.options, terminal);
    }
    case 'nas': {
      const { nas } = await import('./commands/nas.ts');
      return nas(invocation.options, terminal);
    }
    case 'predictors': {
      const { action } = invocation.options;
      if (action !== 'pull' && action !== 'import') {
        return listPredictors(invocation.options, terminal);
      }
      const { pull, importFiles } = await import('./commands/nn-meter-predictors.ts');
      return (action === 'pull' ? pull : importFiles)(invocation.options, terminal);
    }
    case 'register': {
      const { register } = await import('./commands/nn-meter-predictors.ts');
      return register(invocation.options, terminal);
    }
    case 'unregister': {
      const { unregister } = await import('./commands/nn-meter-predictors.ts');
      return unregister(invocation.options, terminal);
    }
    case 'dataset': {
      const { dataset } = await import('./commands/nn-meter-predictors.ts');
      return dataset(invocation.options, terminal);
    }
  }
}

async function listPredictors(options: ListArguments, terminal: Terminal): Promise<number> {
  const { predictors } = await import('./commands/predictors.ts');
  return predictors(options, terminal);
}
