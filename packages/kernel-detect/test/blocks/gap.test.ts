import { expect, test } from '@jest/globals';
import { stages, whyNot } from '../support/blocks.ts';
import { GraphBuilder } from '../support/graph.ts';

test('takes the reshape after it, if nothing else reads the pooled values', () => {
  const b = new GraphBuilder();
  const pooled = b.node('gap', [b.conv(b.input('x'))], { shape: [1, 16, 1, 1], name: 'pool' });
  const flat = b.node('reshape', [pooled], { shape: [1, 16], attributes: { shape: [1, 16] } });
  b.result(flat);
  expect(stages(b.build())).toEqual(['conv', 'gap']);
  const both = b.result(pooled).build();
  expect(stages(both)).toEqual(['conv', 'gap', 'reshape']);
  expect(whyNot(both, 'gap', 'pool')).toBe('"pool" is not read by one reshape only');
});
