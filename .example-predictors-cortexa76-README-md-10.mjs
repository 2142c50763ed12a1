import { loadLatencyPredictor } from '@nnmeter/predictor';

const predictor = await loadLatencyPredictor('cortexA76cpu_tflite21');
const { latencyMs, coverage } = await predictor.predict('mobilenet_v2.onnx');
console.log(`${latencyMs.toFixed(1)} ms`, coverage);
