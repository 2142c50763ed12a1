import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { foreignFormat, type ModelInput, openModel } from '@nnmeter/model-source';
import { zipOf } from '../../nn-meter-predictors/test/support/zip-writer.ts';

async function recognise(input: ModelInput) {
  const source = await openModel(input);
  try {
    return await foreignFormat(source);
  } finally {
    source.close();
  }
}

const bytes = (text: string, after = 64) =>
  Uint8Array.from(text + '\0'.repeat(after), (character) => character.charCodeAt(0));

/** The length of the header, then the header: https://huggingface.co/docs/safetensors */
function safetensors(): Uint8Array {
  const header = '{"weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
  return bytes(`${String.fromCharCode(header.length)}${'\0'.repeat(7)}${header}`);
}

// Written by torch 2.15: torch.jit.save of a traced module, torch.save of a state_dict, and in the format of before 1.6.
test.each([
  ['torchscript.pt', /TorchScript/],
  ['state_dict.pth', /pickled .* state_dict/],
  ['old_state_dict.pth', /PyTorch before 1\.6/],
])('%s: the answer are the lines that export the module', async (file, what) => {
  const found = await recognise(join(import.meta.dirname, 'fixtures', file));
  expect(found?.what).toMatch(what);
  expect(found?.advice).toMatch(/torch\.export\.export\(.*torch\.export\.save\(/);
});

const zip = zipOf([{ name: 'a.txt', content: Buffer.from('a') }]);
const keras = ['metadata.json', 'config.json', 'model.weights.h5'];

test.each<[string, Uint8Array, RegExp]>([
  ['.keras', zipOf(keras.map((name) => ({ name, content: Buffer.from('{}') }))), /Keras/],
  ['a part of a zip', zip.subarray(0, zip.length - 30), /a damaged zip/],
  ['HDF5', bytes('\x89HDF\r\n\x1a\n'), /HDF5/],
  ['safetensors', safetensors(), /safetensors/],
  ['GGUF', bytes('GGUF\x03\0\0\0'), /GGUF/],
  ['a TensorRT plan', bytes('ptrt\0\0'), /TensorRT/],
  ['OpenVINO', bytes('<?xml version="1.0"?>\n<net name="main" version="11">'), /OpenVINO/],
  ['a GraphDef as text', bytes('# made by hand\nnode {\n  name: "x"\n'), /pbtxt/],
  ['a SavedModel as text', bytes('saved_model_schema_version: 1\nmeta_graphs {'), /pbtxt/],
  // Model: specificationVersion 4, description: input: FeatureDescription.
  ['Core ML', bytes('\x08\x04\x12\x20\x0a\x0b\x0a\x05image\x1a\x02'), /\.mlmodel/],
  ['a Core ML package', bytes('{ "fileFormatVersion": "1.0.0", "itemInfoEntries": {'), /mlpackage/],
  ['a pickle', bytes('\x80\x04\x95\x10\0\0\0\0\0\0\0}'), /pickle/],
])('%s', async (_, content, what) => {
  const found = await recognise(content);
  expect(found?.what).toMatch(what);
  expect(found?.advice).not.toBe('');
});

test.each<[string, ModelInput]>([
  ['ONNX', join(import.meta.dirname, '../../../fixtures/onnx/mobilenet_v2.onnx')],
  ['TensorFlow', join(import.meta.dirname, '../../../fixtures/tf/mobilenet_v2.pb')],
  ['torch.export', join(import.meta.dirname, '../../../fixtures/pt2/mobilenet_v2.pt2')],
  ['JSON', bytes('{"a": 1}')],
  ['a zip', zip],
  ['a web page', bytes('<!doctype html><html>')],
  ['a random beginning', bytes('qwerty')],
])('%s is none of these', async (_, input) => {
  expect(await recognise(input)).toBeUndefined();
});
