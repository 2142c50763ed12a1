import { useEffect, useState } from 'preact/hooks';
import { formatBytes, formatCount, formatMs, formatShare } from '../format.ts';
import { AdviceList } from './advice-list.tsx';
import { WideTable } from './chart-parts.tsx';
import { ComparisonTable } from './comparison-table.tsx';
import { KernelTable } from './kernel-table.tsx';
import { ModuleChart } from './module-chart.tsx';
import type { ViewedFailure, ViewedReport } from './page-data.ts';
import { RooflineChart } from './roofline-chart.tsx';
import { TimelineChart } from './timeline-chart.tsx';

/** All that a page shows. */
export interface Viewed {
  readonly reports: readonly ViewedReport[];
  readonly failures: readonly ViewedFailure[];
}

/** An overview of all reports, two of them side by side, and each in detail. */
export function ReportView({ reports, failures }: Viewed) {
  return (
    <main>
      <h1>Predicted latency and memory</h1>
      {failures.map(({ model, message }, index) => (
        <p key={index} class="warning">{`${model}: ${message}`}</p>
      ))}
      {reports.length > 0 && <Overview reports={reports} />}
      {reports.length > 1 && <ComparisonTable reports={reports} />}
      {reports.map((report, index) => (
        <Details key={index} report={report} id={`report-${index}`} isOpen={index === 0} />
      ))}
      <footer>
        <p>
          Made by nn-meter on this machine. Latencies are predictions; memory is what has to be
          kept, without scratch memory and gaps.
        </p>
      </footer>
    </main>
  );
}

function titleOf({ model, predictor, version }: ViewedReport): string {
  return `${model} on ${predictor} ${version}`;
}

function latencyText({ latencyMs, complete }: ViewedReport): string {
  return `${complete ? '' : 'over '}${formatMs(latencyMs)}`;
}

function intervalText({ interval }: ViewedReport): string {
  return interval === null ? '-' : `${formatMs(interval.low)} – ${formatMs(interval.high)}`;
}

/** A row for each model and device. */
export function Overview({ reports }: { readonly reports: readonly ViewedReport[] }) {
  return (
    <section>
      <h2>Overview</h2>
      <WideTable label="All models and devices">
        <thead>
          <tr>
            <th scope="col">model</th>
            <th scope="col">device</th>
            {[
              'ms',
              '90 % interval',
              'MACs covered',
              'weights',
              'activations',
              'parameters',
              'MACs',
            ].map((title) => (
              <th key={title} scope="col" class="number">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {reports.map((report, index) => (
            <tr key={index}>
              <th scope="row" class="name">
                <a href={`#report-${index}`}>{report.model}</a>
              </th>
              <td class="name">
                {[report.device.product, report.device.processor, report.device.precision].join(
                  ', ',
                )}
              </td>
              <td class="number">{latencyText(report)}</td>
              <td class="number">{intervalText(report)}</td>
              <td class="number">{formatShare(report.coverage.macs)}</td>
              <td class="number">{formatBytes(report.size.weightBytes)}</td>
              <td class="number">{formatBytes(report.size.activationBytes)}</td>
              <td class="number">{formatCount(report.size.parameters)}</td>
              <td class="number">{formatCount(report.size.macs)}</td>
            </tr>
          ))}
        </tbody>
      </WideTable>
    </section>
  );
}

function Details(props: {
  readonly report: ViewedReport;
  readonly id: string;
  readonly isOpen: boolean;
}) {
  const { report, id, isOpen } = props;
  const { device } = report;
  return (
    <details class="report" id={id} open={isOpen}>
      <summary>
        <h2>{titleOf(report)}</h2>
        <span class="figure">{`${latencyText(report)} ms`}</span>
        {report.interval !== null && <span>{` (${intervalText(report)} ms)`}</span>}
      </summary>
      <p>
        {[device.product, device.processor, device.framework, device.precision, device.clock].join(
          ', ',
        )}
      </p>
      <ReportDetails report={report} id={id} />
    </details>
  );
}

/** All views of one report. */
export function ReportDetails(props: { readonly report: ViewedReport; readonly id: string }) {
  const { report, id } = props;
  const views = useOneByOne(
    [
      () => <Certainty report={report} />,
      () => <ModuleChart report={report} />,
      () => <TimelineChart report={report} />,
      () => <RooflineChart report={report} />,
      () => <AdviceList report={report} />,
      () => <KernelTable report={report} id={id} />,
    ],
    report.kernels.length > AT_ONCE,
  );
  return <>{views.map((view) => view())}</>;
}

/** Kernels whose views are made at once; those of more would hold up the page. */
const AT_ONCE = 10_000;

/** All items, or in a browser, if there is much to do, one more each time that it has shown those before. */
function useOneByOne<Item>(items: readonly Item[], isMuch: boolean): readonly Item[] {
  const [count, setCount] = useState(isMuch && typeof document !== 'undefined' ? 0 : items.length);
  useEffect(() => {
    if (count >= items.length) return;
    const timer = setTimeout(() => setCount(count + 1));
    return () => clearTimeout(timer);
  }, [count, items.length]);
  return items.slice(0, count);
}

/** How sure the latency is, and what of it is no measurement. */
export function Certainty({ report }: { readonly report: ViewedReport }) {
  const { coverage, interval, kernels, latencyMs } = report;
  const estimated = kernels.filter(({ basis }) => basis === 'estimated');
  const estimatedMs = estimated.reduce((sum, kernel) => sum + kernel.latencyMs, 0);
  return (
    <section>
      <h3>How sure</h3>
      <ul>
        {interval !== null && (
          <li>{`The measurement is within ${intervalText(report)} ms with ${Math.round(interval.level * 100)} % confidence.`}</li>
        )}
        <li>
          {`${formatShare(coverage.macs)} of the MACs and ${formatShare(coverage.nodes)} of the nodes are in kernels of types that were measured on the device.`}
        </li>
        {estimated.length > 0 && (
          <li>
            {`${estimated.length} of ${kernels.length} kernels, ${formatShare(estimatedMs / latencyMs)} of the time, are estimated at least in part from what the device computes and moves (~).`}
          </li>
        )}
        {report.extrapolation.map((what, index) => (
          <li key={index}>{`Outside the training data: ${what}.`}</li>
        ))}
        {report.warnings.map((warning, index) => (
          <li key={index} class="warning">
            {warning}
          </li>
        ))}
      </ul>
    </section>
  );
}
