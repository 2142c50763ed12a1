import { createPredictor } from '@nnmeter/predictor';
import { cortexA76 } from '@nnmeter/predictor-cortexa76';

const { fuse } = cortexA76.fusionRules;
const device = {
  ...cortexA76,
  name: 'myphone_tflite29',
  aliases: ['myphone'],
  version: '0.1',
  device: { ...cortexA76.device, product: 'My phone', framework: 'TensorFlow Lite 2.9' },
  fusionRules: { fuse: { ...fuse, BF_conv_relu: false, BF_dwconv_relu: false } },
};

for (const definition of [cortexA76, device]) {
  const report = await createPredictor(definition).predict('mobilenet_v2.onnx');
  console.log(report.predictor, report.kernels.length, 'kernels');
}
