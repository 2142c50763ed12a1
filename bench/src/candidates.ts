import { type Graph, GraphBuilder, type ShapedTensor } from '@nnmeter/ir';

/** A repeatable stream of integers below a bound. */
export function randomChoices(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** A cell-based candidate of 199 nodes: 28 adds of two branches, each conv - bn - relu or dwconv - bn - relu of 1, 3 or 5. */
export function nasCell(choose: (bound: number) => number): Graph {
  const builder = new GraphBuilder('nas_cell');
  const unit = (data: ShapedTensor): ShapedTensor => {
    const kernel = [1, 3, 5][choose(3)]!;
    const options = { kernel, padding: (kernel - 1) / 2, bias: false };
    const sums = choose(2) === 0 ? builder.conv(data, 32, options) : builder.dwconv(data, options);
    return builder.relu(builder.bn(sums));
  };
  let x = builder.conv(builder.input('image', [1, 3, 32, 32]), 32, { kernel: 3, padding: 1 });
  x = builder.relu(builder.bn(x));
  for (let step = 0; step < 28; step++) x = builder.add(unit(x), unit(x));
  return builder.build(x);
}

/** A network of about that many nodes: conv - relu over and over. */
export function chain(nodes: number): Graph {
  const builder = new GraphBuilder(`chain_${nodes}`);
  let x = builder.input('image', [1, 16, 28, 28]);
  for (let node = 0; node < nodes; node += 2)
    x = builder.relu(builder.conv(x, 16, { kernel: 3, padding: 1 }));
  return builder.build(x);
}
