/** A message field or string of the protobuf wire format. */
export function field(number: number, content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content as Uint8Array);
  const length: number[] = [];
  for (let rest = bytes.length; ; rest = Math.floor(rest / 128)) {
    length.push(rest < 128 ? rest : (rest % 128) + 128);
    if (rest < 128) break;
  }
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), bytes]);
}

export function nodeDef(
  name: string,
  op: string,
  inputs: readonly string[] = [],
  attributes: readonly Buffer[] = [],
): Buffer {
  return Buffer.concat([
    field(1, name),
    field(2, op),
    ...inputs.map((input) => field(3, input)),
    ...attributes.map((attribute) => field(5, attribute)),
  ]);
}

const shapeAttribute = Buffer.concat([
  field(1, 'shape'),
  field(
    2,
    field(7, Buffer.concat([1, 8, 8, 3].map((extent) => field(2, Buffer.from([8, extent]))))),
  ),
]);
/** A placeholder `x` of an image of 8 x 8 pixels. */
export const imageInput = nodeDef('x', 'Placeholder', [], [shapeAttribute]);
/** A GraphDef; as many nodes as there are arguments of a call at most. */
export function graphDef(...nodes: readonly Buffer[]): Buffer {
  return graphOf(nodes);
}

/** A GraphDef of any number of nodes. */
export function graphOf(nodes: readonly Buffer[]): Buffer {
  return Buffer.concat(nodes.map((node) => field(1, node)));
}
