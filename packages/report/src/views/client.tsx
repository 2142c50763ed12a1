import { hydrate } from 'preact';
import { LiveContent, type LiveView } from './live-views.tsx';

// The script of the page: makes what is there already sort, filter and choose.
const data = document.getElementById('data');
const root = document.getElementById('root');
if (data !== null && root !== null)
  hydrate(<LiveContent {...(JSON.parse(data.textContent) as LiveView)} />, root);

const showReport = (): void => {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
window.addEventListener('hashchange', showReport);
showReport();
