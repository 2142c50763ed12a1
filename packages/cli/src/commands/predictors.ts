import { listLatencyPredictors, type PredictorSummary } from '@nnmeter/predictor';
import type { ListArguments } from '../arguments.ts';
import type { Terminal } from '../terminal.ts';

/** Lists the predictors that exist, installed or not. @returns the exit code */
export async function predictors(options: ListArguments, terminal: Terminal): Promise<number> {
  const summaries = await listLatencyPredictors(({ message }) =>
    terminal.note(`nn-meter: warning: other predictors on this machine are left out: ${message}`),
  );
  if (options.json) {
    await terminal.print(`${JSON.stringify(summaries, null, 2)}\n`);
    return 0;
  }
  const [{ renderTable }, { formatShare }] = await Promise.all([
    import('@nnmeter/report'),
    import('@nnmeter/report'),
  ]);
  const columns = [
    { title: 'predictor' },
    { title: 'version', leaveOut: 3 },
    { title: 'device', least: 12 },
    { title: '±10 %', align: 'right', leaveOut: 2 },
    { title: 'short name', leaveOut: 1 },
  ] as const;
  const rows = summaries.map((summary) => [
    summary.name,
    summary.version ?? '-',
    deviceText(summary),
    summary.accuracy === null ? '-' : formatShare(summary.accuracy.within10),
    summary.aliases.at(-1) ?? '',
  ]);
  await terminal.print(renderTable(columns, rows, terminal));
  return 0;
}

function deviceText({ device, installed, install, package: name }: PredictorSummary): string {
  if (!installed) return install ?? `npm install ${name}`;
  return `${device.product}, ${device.processor?.replace(/ \(.*\)$/, '')}`;
}
