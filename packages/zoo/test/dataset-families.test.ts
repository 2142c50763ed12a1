import { expect, test } from '@jest/globals';
import { type Graph, graphCost, NnMeterError } from '@nnmeter/ir';
import { buildDatasetModel, datasetFamilies } from '@nnmeter/zoo';
import { comparable } from '../../../tests/support/comparable.ts';
import { digestOf } from './digest.ts';

/** MACs of each base network as the dataset's authors give them for index 0, where they do. */
const BASE_MACS = {
  alexnet: 674956032,
  densenet: 2859339776,
  googlenet: 1582671872,
  mnasnet: 367305248,
  mobilenetv1: 568740352,
  mobilenetv2: 313619328,
  mobilenetv3large: 221079200,
  proxylessnas: 333272640,
  resnet18: 1814073344,
  shufflenetv2: 144907992,
  squeezenet: 839053312,
  vgg11: 7508426752,
};

test.each(Object.entries(BASE_MACS))('%s has %d MACs', (family, macs) => {
  expect(graphCost(buildDatasetModel(family)).macs).toBe(macs);
});

/** Digests of the base networks in the dataset, which has not all of them. */
const BASE_DIGESTS = {
  densenet: '99709c8f76444c7f64d3105a82ee8061',
  googlenet: 'ea2ef0cf910c6b6cd8f3ec1428c90686',
  mnasnet: '0d54f9882e18820e01a3dff56f7c01db',
  mobilenetv1: 'b75517a3faa6d98793507a4159b841a6',
  mobilenetv2: '19b9af7b43679ddc79805d05e288d20b',
  mobilenetv3large: '4fc859bccd4ef036557fc27974a970e3',
  mobilenetv3small: '3ade1a0327fe959dc7408bdeba83c166',
  proxylessnas: '407d4e3f03dc583e591adfd64a1ba912',
  resnet18: '8c660521bd271f7c7c9cfeef6e3f5b89',
  resnet34: 'd4233bac202dfe035ace036094317936',
  shufflenetv2: '4be5d673aa41c5cd527393bfa8e31e4a',
  squeezenet: '8a7c72dd42e4e568409947f7cc6a3a0b',
  vgg13: '5fcb0dfe850962dc19e5ffec9f842240',
  vgg16: 'a32445da040649fb3d76a797c8677991',
  vgg19: 'f039e9a3740c7001d11494d0da69f7e6',
};

test.each(Object.entries(BASE_DIGESTS))('%s is the one of the dataset', (family, digest) => {
  expect(digestOf(buildDatasetModel(family))).toBe(digest);
});

test('textual and named configurations are the same', () => {
  const text = '3_3_5_5_7-19_153_460_230_281_3276_2867';
  const named = { kernels: [3, 3, 5, 5, 7], widths: [19, 153, 460, 230, 281, 3276, 2867] };
  const graph = buildDatasetModel('alexnet', text);
  expect(comparable(graph)).toEqual(comparable(buildDatasetModel('alexnet', named)));
  expect(graphCost(graph).macs).toBe(1314861938);
});

test('other resolutions, batches and numbers of classes', () => {
  for (const { name } of datasetFamilies()) {
    const graph = buildDatasetModel(name, undefined, { inputShape: [2, 160, 160, 3], classes: 7 });
    expect(graph.tensor(graph.outputs[0]!).shape).toEqual([2, 7]);
  }
});

test.each([
  ['alexnet', '3_3_5-19_153', 'E_INVALID_INPUT', '"kernels" must be 5 positive numbers'],
  ['alexnet', '3_3_5_5_7', 'E_INVALID_INPUT', '"widths"'],
  ['alexnet', '3_3_x_5_7-19_153_460_230_281_3276_2867', 'E_INVALID_INPUT', '"kernels"'],
  ['alexnet', '3_3_-5_5_7-19_153_460_230_281_3276_2867', 'E_INVALID_INPUT', '"kernels"'],
  ['lenet', '', 'E_UNKNOWN_MODEL', 'alexnet'],
])('%s %s is refused', (family, configuration, code, message) => {
  const build = (): Graph => buildDatasetModel(family, configuration);
  expect(build).toThrow(NnMeterError);
  expect(build).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});
