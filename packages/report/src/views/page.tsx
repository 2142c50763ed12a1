import { renderToString } from 'preact-render-to-string';
import { CLIENT_SCRIPT, CLIENT_SCRIPT_HASH, STYLES, STYLES_HASH } from '../generated/client.ts';
import { ReportView, type Viewed } from './report-view.tsx';

/** Nothing is loaded from anywhere, and only our own script and styles are taken, whatever a model brings. */
const POLICY = [
  "default-src 'none'",
  `script-src '${CLIENT_SCRIPT_HASH}'`,
  `style-src '${STYLES_HASH}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Reports as one HTML file that needs nothing else; without its script all is there, but cannot be sorted. */
export function reportPage(viewed: Viewed): string {
  const data = JSON.stringify(viewed).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>nn-meter report</title>
<style>${STYLES}</style>
</head>
<body>
<div id="root">${renderToString(<ReportView {...viewed} />)}</div>
<script type="application/json" id="data">${data}</script>
<script>${CLIENT_SCRIPT}</script>
</body>
</html>
`;
}
