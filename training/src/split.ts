/** Share of the models that training must not see. */
const HELD_OUT_PERCENT = 10;

/** The one place that decides which models are held out: by a hash (FNV-1a) of the id, the same for every device. */
export function isHeldOut(id: string): boolean {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++)
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  // Final mixing, since ids of a family differ in their last digits only.
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  return (hash >>> 0) % 100 < HELD_OUT_PERCENT;
}

/** `resnet` of `resnet18_12`: the id without its variant number and the depth or size of the network. */
export function familyOf(id: string): string {
  return id
    .replace(/_\d+$/, '')
    .replace(/^(vgg|resnet)\d+$/, '$1')
    .replace(/^(mobilenetv3)(large|small)$/, '$1');
}
