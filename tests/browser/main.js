import { frontend as onnx } from '@nnmeter/frontend-onnx';
import { frontend as tensorflow } from '@nnmeter/frontend-tf';
import {
  detectModelType,
  loadLatencyPredictor,
  modelToGraph,
  registerFrontend,
  registerPredictor,
} from '@nnmeter/predictor';
import { cortexA76 } from '@nnmeter/predictor-cortexa76';

registerFrontend(onnx);
registerFrontend(tensorflow);
registerPredictor(cortexA76);

window.predict = async (url) => {
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  return report(await modelToGraph(bytes, 'onnx'));
};

/** Of the file that was chosen; only ranges of it may be loaded. */
window.predictFile = async () => {
  const [file] = document.querySelector('input').files;
  let loaded = 0;
  const { slice } = Blob.prototype;
  Blob.prototype.slice = function (start, end) {
    loaded += end - start;
    return slice.call(this, start, end);
  };
  try {
    const type = await detectModelType(file);
    const result = await report(await modelToGraph(file));
    return { size: file.size, type, loaded, ...result };
  } finally {
    Blob.prototype.slice = slice;
  }
};

async function report(graph) {
  const predictor = await loadLatencyPredictor('cortexA76cpu_tflite21');
  const { latencyMs, kernels } = predictor.predictGraph(graph);
  return { latencyMs, kernels: kernels.map((kernel) => kernel.latencyMs) };
}
