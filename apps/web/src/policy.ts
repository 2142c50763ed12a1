/** What the page may load: its own files and nothing else; the Content-Security-Policy in the page itself. */
export const POLICY = [
  "default-src 'none'",
  // ONNX Runtime, which measures this browser, is WebAssembly; code from text stays forbidden.
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The headers to serve all of its files with; without them it works as well. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  // The only rule that a page cannot state itself.
  'content-security-policy': `${POLICY}; frame-ancestors 'none'`,
  // With both of these a page sees a finer clock, and measures its browser with it.
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};
