const order = [
  '@nnmeter/ir',
  'yargs',
  'picocolors',
  '@nnmeter/model-source',
  '@nnmeter/files',
  '@nnmeter/forest',
  '@nnmeter/kernel-detect',
  '@nnmeter/latency-model',
  '@nnmeter/predictor',
  '@nnmeter/predictor-cortexa76',
  '@nnmeter/report',
  '@nnmeter/frontend-onnx',
  '@nnmeter/dataset',
  '@nnmeter/nn-meter-predictors',
];
await import('node:fs/promises');
await import('node:module');
await import('node:crypto');
await import('node:url');
for (const o of order) {
  const t = performance.now();
  await import(o);
  console.log(o, (performance.now() - t).toFixed(1));
}
