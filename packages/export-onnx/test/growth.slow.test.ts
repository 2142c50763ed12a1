import { test } from '@jest/globals';
import { graphToOnnx } from '@nnmeter/export-onnx';
import { GraphBuilder } from '@nnmeter/ir';
import { expectLinearTime, inTwoSizes } from '../../../tests/support/growth.ts';

test('time to write layers and their weights is not quadratic', () => {
  const chain = (count: number) => {
    const builder = new GraphBuilder('chain');
    let x = builder.input('image', [1, 2, 4, 4]);
    for (let layer = 0; layer < count / 8; layer++) x = builder.conv(x, 2);
    return builder.build(x);
  };
  expectLinearTime(inTwoSizes(chain), graphToOnnx);
});
