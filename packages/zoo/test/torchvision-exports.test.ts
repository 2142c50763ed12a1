import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readOnnxFile } from '@nnmeter/frontend-onnx';
import { graphCost } from '@nnmeter/ir';
import { buildModel } from '@nnmeter/zoo';
import { comparable } from '../../../tests/support/comparable.ts';
import { hasShared, sharedPath } from '../../../tests/support/shared.ts';

const ours = join(import.meta.dirname, '../../../fixtures/onnx');
const theirs = sharedPath('models/onnx');
const names = hasShared
  ? readdirSync(theirs)
      .filter((file) => file.endsWith('.onnx'))
      .map((file) => file.replace('.onnx', ''))
  : ['none'];

async function expectRebuilt(folder: string, name: string): Promise<void> {
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
}

// With no op that exporters write in more than one way.
test.each(['mobilenet_v2', 'resnet18', 'shufflenet_v2_x0_5'])(
  '%s as PyTorch exports it is rebuilt node for node',
  (name) => expectRebuilt(ours, name),
);

(hasShared ? test : test.skip).each(names)('%s of others is rebuilt node for node', (name) =>
  expectRebuilt(theirs, name),
);
