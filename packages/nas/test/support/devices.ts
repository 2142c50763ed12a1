import { type DevicePredictor, loadLatencyPredictor } from '@nnmeter/predictor';

/** The four predictors that ship with the product. */
export function loadDevices(): Promise<DevicePredictor[]> {
  const names = ['cortexA76', 'adreno640', 'adreno630', 'myriadVPU'];
  return Promise.all(names.map((name) => loadLatencyPredictor(name) as Promise<DevicePredictor>));
}
