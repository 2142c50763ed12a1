import { NnMeterError } from '@nnmeter/ir';
import { serveOnnxRuntime } from '@nnmeter/runners/onnxruntime';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import { RUNTIME } from '../../src/runtime.ts';

/** Runs models for the worker that builds a predictor of this browser; alone, so that it can be ended. */

serveOnnxRuntime(self, async () => {
  const [runtime, wasmBinary] = await Promise.all([
    import('onnxruntime-web/wasm'),
    fetchBytes(wasm),
  ]).catch((cause: unknown) => {
    throw new NnMeterError('E_MISSING_PACKAGE', 'ONNX Runtime cannot be loaded', {
      hint: `check the network and try again, or install it for nn-meter ui: npm install ${RUNTIME.package}@${RUNTIME.version}`,
      cause,
    });
  });
  Object.assign(runtime.env.wasm, { wasmBinary, numThreads: 1 });
  return runtime;
});

async function fetchBytes(address: string): Promise<ArrayBuffer> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${response.status} for ${address}`);
  return response.arrayBuffer();
}
