export { hashOf, isHeldOut } from '@nnmeter/predictor';

/** `resnet` of `resnet18_12`: the id without its variant number and the depth or size of the network. */
export function familyOf(id: string): string {
  return id
    .replace(/_\d+$/, '')
    .replace(/^(vgg|resnet)\d+$/, '$1')
    .replace(/^(mobilenetv3)(large|small)$/, '$1');
}
