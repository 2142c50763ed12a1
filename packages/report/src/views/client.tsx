import { hydrate } from 'preact';
import { ReportView, type Viewed } from './report-view.tsx';

// The script of the page: makes what is there already sort, filter and compare.
const data = document.getElementById('data');
const root = document.getElementById('root');
if (data !== null && root !== null)
  hydrate(<ReportView {...(JSON.parse(data.textContent) as Viewed)} />, root);

const showReport = (): void => {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
window.addEventListener('hashchange', showReport);
showReport();
