// Writes networks of the zoo as .tflite and .onnx files with the same random weights, and what our graphs say of them, for
// scripts/compare-exported-networks.py, which runs both. After a build:
//   node scripts/write-exported-networks.mjs FOLDER [NAME ...]
// Names are torchvision's, benchmark/FAMILY or layers/NAME; default: a choice.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeOnnxFile } from '@nnmeter/export-onnx';
import { exportTflite } from '@nnmeter/export-tflite';
import { channelsLastShape } from '@nnmeter/ir';
import { buildDatasetModel, buildModel, datasetFamilies } from '@nnmeter/zoo';
import { layerNetworks } from './exported-layers.mjs';

const TORCHVISION = [
  ...[
    'alexnet',
    'convnext_tiny',
    'densenet121',
    'efficientnet_b0',
    'efficientnet_v2_s',
    'googlenet',
  ],
  ...['inception_v3', 'maxvit_t', 'mnasnet1_0', 'mobilenet_v2', 'mobilenet_v3_large'],
  ...['mobilenet_v3_small', 'regnet_x_400mf', 'regnet_y_400mf', 'resnet18', 'resnet50'],
  ...[
    'resnext50_32x4d',
    'shufflenet_v2_x1_0',
    'squeezenet1_0',
    'squeezenet1_1',
    'swin_t',
    'swin_v2_t',
  ],
  ...['vgg11', 'vit_b_32', 'wide_resnet50_2'],
];
const BENCHMARK = 'benchmark/';
const LAYERS = 'layers/';

const [folder, ...chosen] = process.argv.slice(2);
if (folder === undefined) throw new Error('name a folder to write to');
mkdirSync(folder, { recursive: true });
const names =
  chosen.length > 0
    ? chosen
    : [
        ...Object.keys(layerNetworks).map((name) => `${LAYERS}${name}`),
        ...TORCHVISION,
        ...datasetFamilies().map(({ name }) => `${BENCHMARK}${name}`),
      ];

for (const name of names) {
  const graph = build(name);
  const path = join(folder, name.replaceAll('/', '-'));
  writeFileSync(`${path}.tflite`, exportTflite(graph, { weights: 'random' }));
  await writeOnnxFile(graph, `${path}.onnx`, { weights: 'random', foldBatchNorm: true });
  const computed = [...graph.tensors.values()].filter(({ kind }) => kind !== 'constant');
  const shapes = Object.fromEntries(computed.map((each) => [each.name, channelsLastShape(each)]));
  writeFileSync(`${path}.json`, JSON.stringify({ name, shapes }));
  console.log(name);
}

function build(name) {
  if (name.startsWith(LAYERS)) return layerNetworks[name.slice(LAYERS.length)]();
  if (name.startsWith(BENCHMARK)) return buildDatasetModel(name.slice(BENCHMARK.length));
  return buildModel(name);
}
