import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readOnnxFile } from '@nnmeter/frontend-onnx';
import { graphCost } from '@nnmeter/ir';
import { buildModel } from '@nnmeter/zoo';
import { comparable } from './comparable.ts';
import { shared, sharedExists } from './shared.ts';

const folder = join(shared, 'models/onnx');
const names = sharedExists
  ? readdirSync(folder)
      .filter((file) => file.endsWith('.onnx'))
      .map((file) => file.replace('.onnx', ''))
  : ['none'];

(sharedExists ? describe : describe.skip)('networks that PyTorch exported', () => {
  test.each(names)('%s is rebuilt node for node', async (name) => {
    const exported = await readOnnxFile(join(folder, `${name}.onnx`));
    const built = buildModel(name);
    expect(comparable(built)).toEqual(comparable(exported));

    const { macs, inputBytes, outputBytes } = graphCost(built);
    const reference = graphCost(exported);
    expect([macs, inputBytes, outputBytes]).toEqual([
      reference.macs,
      reference.inputBytes,
      reference.outputBytes,
    ]);
  });
});
