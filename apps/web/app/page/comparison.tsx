import { formatCount } from '@nnmeter/report';
import { ComparisonTable, type ViewedReport } from '@nnmeter/report/views';
import { useEffect, useMemo, useState } from 'preact/hooks';

/** Matching more of them takes longer than a page may stand still without being asked. */
const MOST_KERNELS = 50_000;

/** Two reports side by side, once the page has nothing more urgent to show. */
export function Comparison({ reports }: { readonly reports: readonly ViewedReport[] }) {
  const [settled, setSettled] = useState(reports);
  const [isAskedFor, setAskedFor] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(reports));
    return () => clearTimeout(timer);
  }, [reports]);
  const kernels = useMemo(
    () => settled.reduce((sum, report) => Math.max(sum, report.kernels.length), 0),
    [settled],
  );
  const table = useMemo(() => <ComparisonTable reports={settled} />, [settled]);
  if (kernels <= MOST_KERNELS || isAskedFor) return table;
  return (
    <section class="comparison">
      <h2>Side by side</h2>
      <p>
        <button type="button" onClick={() => setAskedFor(true)}>
          {`Match the ${formatCount(kernels)} kernels by name`}
        </button>
      </p>
    </section>
  );
}
