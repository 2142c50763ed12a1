import type { Runner } from '@nnmeter/runners';
import type { Journal } from './journal.ts';
import type { PlannedModel } from './planned-model.ts';
import { type NextModel, Schedule, type ScheduleOptions } from './schedule.ts';
import { Stopwatch, type StopwatchOptions } from './stopwatch.ts';

export interface MeasuringOptions extends ScheduleOptions, StopwatchOptions {
  readonly onProgress?: (next: NextModel) => void;
}

/**
 * Measures the models of a plan, as long as the budget allows, into the journal. What comes next depends on the journal
 * alone, so that a build that was interrupted goes on as if it had not been.
 * @throws NnMeterError E_RUNNER if the device or the runner is lost: everything measured so far is in the journal
 */
export async function measureModels(
  plan: readonly PlannedModel[],
  runner: Runner,
  journal: Journal,
  options: MeasuringOptions,
): Promise<void> {
  const schedule = new Schedule(plan, journal, options);
  const stopwatch = new Stopwatch(runner, journal, options);
  for (;;) {
    options.signal?.throwIfAborted();
    const next = schedule.next();
    if (next === undefined) return;
    options.onProgress?.(next);
    await stopwatch.measure(next.model, next.phase);
  }
}
