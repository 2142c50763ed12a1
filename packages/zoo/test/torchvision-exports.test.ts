import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readOnnxFile } from '@nnmeter/frontend-onnx';
import { graphCost } from '@nnmeter/ir';
import { buildModel } from '@nnmeter/zoo';
import { comparable } from '../../../tests/support/comparable.ts';
import { hasShared, sharedPath } from '../../../tests/support/shared.ts';

const folder = sharedPath('models/onnx');
const names = hasShared
  ? readdirSync(folder)
      .filter((file) => file.endsWith('.onnx'))
      .map((file) => file.replace('.onnx', ''))
  : ['none'];

(hasShared ? describe : describe.skip)('networks that PyTorch exported', () => {
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
