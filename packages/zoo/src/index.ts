export type {
  DatasetFamily,
  DatasetModelOptions,
  FamilyConfiguration,
} from './dataset-families/configuration.ts';
export { buildDatasetModel, datasetFamilies } from './dataset-families/models.ts';
export { buildModel, frontend, modelNames } from './models.ts';
export { type AlexNetOptions, alexnet } from './torch/alexnet.ts';
export { type ConvNextOptions, convnext } from './torch/convnext.ts';
export { type DenseNetOptions, densenet } from './torch/densenet.ts';
export {
  type EfficientNetOptions,
  type EfficientNetStage,
  efficientnet,
} from './torch/efficientnet.ts';
export { type GoogLeNetOptions, googlenet, type InceptionWidths } from './torch/googlenet.ts';
export { inceptionV3 } from './torch/inception-v3.ts';
export { type MaxVitOptions, maxvit } from './torch/maxvit.ts';
export { type MnasNetOptions, type MnasNetStage, mnasnet } from './torch/mnasnet.ts';
export {
  type MobileNetV2Options,
  type MobileNetV2Stage,
  mobilenetV2,
} from './torch/mobilenet-v2.ts';
export {
  type MobileNetV3Block,
  type MobileNetV3Options,
  mobilenetV3,
} from './torch/mobilenet-v3.ts';
export { makeDivisible, type NetworkOptions } from './torch/options.ts';
export { type RegNetOptions, regnet } from './torch/regnet.ts';
export { type ResNetOptions, resnet } from './torch/resnet.ts';
export { type ShuffleNetV2Options, shufflenetV2 } from './torch/shufflenet-v2.ts';
export { type SqueezeNetOptions, squeezenet } from './torch/squeezenet.ts';
export { type SwinOptions, swin } from './torch/swin.ts';
export type { BatchNormMode } from './torch/torch-builder.ts';
export { type VggOptions, vgg } from './torch/vgg.ts';
export { type VitOptions, vit } from './torch/vit.ts';
