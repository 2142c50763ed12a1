import { frontend } from '@nnmeter/frontend-onnx';
import {
  loadLatencyPredictor,
  modelToGraph,
  registerFrontend,
  registerPredictor,
} from '@nnmeter/predictor';
import { cortexA76 } from '@nnmeter/predictor-cortexa76';

registerFrontend(frontend);
registerPredictor(cortexA76);

window.predict = async (url) => {
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  const predictor = await loadLatencyPredictor('cortexA76cpu_tflite21');
  const { latencyMs, kernels } = predictor.predictGraph(await modelToGraph(bytes, 'onnx'));
  return { latencyMs, kernels: kernels.map((kernel) => kernel.latencyMs) };
};
