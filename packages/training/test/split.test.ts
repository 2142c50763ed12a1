import { expect, test } from '@jest/globals';
import { familyOf, isHeldOut } from '@nnmeter/dataset';

test('holds out a tenth of every family', () => {
  for (const family of ['alexnet', 'resnet50', 'mobilenetv3large']) {
    const ids = Array.from({ length: 2000 }, (_, index) => `${family}_${index}`);
    const share = ids.filter((id) => isHeldOut(id)).length / ids.length;
    expect(share).toBeGreaterThan(0.08);
    expect(share).toBeLessThan(0.12);
  }
});

test('never changes its mind: published accuracy refers to these models', () => {
  expect(
    Array.from({ length: 40 }, (_, index) => `vgg16_${index}`).filter((id) => isHeldOut(id)),
  ).toMatchInlineSnapshot(`
    [
      "vgg16_8",
      "vgg16_15",
      "vgg16_26",
      "vgg16_29",
      "vgg16_30",
      "vgg16_36",
    ]
  `);
});

test('another seed holds out other models', () => {
  const ids = Array.from({ length: 2000 }, (_, index) => `resnet18_${index}`);
  const both = ids.filter((id) => isHeldOut(id) && isHeldOut(id, 1)).length;
  expect(both).toBeLessThan(50);
  expect(ids.filter((id) => isHeldOut(id, 1)).length).toBeGreaterThan(150);
});

test('families join depths and sizes of a network', () => {
  expect(
    ['resnet18_3', 'resnet50_0', 'vgg11_1', 'mobilenetv3small_7', 'mobilenetv2_0'].map(familyOf),
  ).toEqual(['resnet', 'resnet', 'vgg', 'mobilenetv3', 'mobilenetv2']);
});
