import type { ErrorHint } from '@nnmeter/ir';
import { listLatencyPredictors, type PredictorSummary } from '@nnmeter/predictor';
import type { ListArguments } from '../arguments.ts';
import { pullCommand } from '../failure.ts';
import type { Terminal } from '../terminal.ts';

/** Lists the predictors that exist, installed or not. @returns the exit code */
export async function predictors(options: ListArguments, terminal: Terminal): Promise<number> {
  const summaries = await listLatencyPredictors(({ message }) =>
    terminal.note(`nn-meter: warning: other predictors on this machine are left out: ${message}`),
  );
  if (options.json) {
    await terminal.print(`${JSON.stringify(summaries.map(toJson), null, 2)}\n`);
    return 0;
  }
  const [{ renderTable }, { formatShare }] = await Promise.all([
    import('@nnmeter/report'),
    import('@nnmeter/report'),
  ]);
  const columns = [
    { title: 'predictor' },
    { title: 'version', leaveOut: 3 },
    { title: 'device', least: 9 },
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
  const settings = summaries.flatMap(({ name, settings: own = [] }) =>
    own.map(({ precision, cores, within10 }) => [
      name,
      precision,
      cores ?? '-',
      formatShare(within10),
    ]),
  );
  if (settings.length === 0) return 0;
  const ofSettings = [
    { title: 'experimental', least: 12 },
    { title: '--precision' },
    { title: '--cores' },
    { title: '±10 %,\nunseen family', align: 'right', leaveOut: 1 },
  ] as const;
  await terminal.print(`\n${renderTable(ofSettings, settings, terminal)}`);
  return 0;
}

/** A row of the JSON output: how to get a predictor is the command that does. */
function toJson({ hint, ...summary }: PredictorSummary): object {
  const install = installCommand(hint);
  return install === undefined ? summary : { ...summary, install };
}

function installCommand(hint: ErrorHint | undefined): string | undefined {
  const { download } = hint ?? {};
  return download === undefined || download === 'dataset' ? hint?.text : pullCommand(download);
}

function deviceText({ device, installed, hint, package: name }: PredictorSummary): string {
  if (!installed) return installCommand(hint) ?? `npm install ${name}`;
  return `${device.product}, ${device.processor?.replace(/ \(.*\)$/, '')}`;
}
