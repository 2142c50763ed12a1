// What chromium.mjs asks of the page: to measure a model with onnxruntime-web.
import { readOnnx } from '../../../packages/frontend-onnx/dist/index.js';
import { measureOnnx, measureOnnxLayers } from '../../../packages/runners/dist/onnxruntime.js';

const { ort } = globalThis;
ort.env.wasm.wasmPaths = '/ort/';
ort.env.wasm.numThreads = 1;

// onnxruntime-web prints its profile with the console.log of its first session.
let printed = '';
console.log = (...words) => {
  printed += `${words.join(' ')}\n`;
};
const takePrinted = () => {
  const text = printed;
  printed = '';
  return text;
};
const clock = { stepMs: 0.005, wallMs: () => performance.now() };

globalThis.measure = async (url, { runs, warmups, threads, layers }) => {
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  const options = { runs, warmups, threads, executionProvider: 'wasm' };
  const result = await measureOnnx(ort, bytes, options, clock);
  if (!layers) return result;
  const graph = await readOnnx(bytes);
  return { ...result, layers: await measureOnnxLayers(ort, bytes, graph, options, takePrinted) };
};
