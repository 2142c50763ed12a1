const VERSION = '1.30.0';

/**
 * What measures a browser, which the page loads when it is asked to. It is as large as all else together, so that the npm
 * package goes without it: who serves the page has it from the npm package of that name and version.
 */
export const RUNTIME = {
  package: 'onnxruntime-web',
  version: VERSION,
  /** In the `dist` of that package. */
  file: 'ort-wasm-simd-threaded.wasm',
  /** Of the page. */
  url: `assets/ort-wasm-simd-threaded-${VERSION}.wasm`,
} as const;
