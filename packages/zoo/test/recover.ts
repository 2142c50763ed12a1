import type { Graph, Node } from '@nnmeter/ir';
import type { FamilyConfiguration } from '@nnmeter/zoo';

/** Reads the configuration of a benchmark network off its graph. */
export function recoverConfiguration(family: string, graph: Graph): FamilyConfiguration {
  const shape = (name: string) => graph.tensor(name).shape!;
  const width = (node: Node): number => shape(node.outputs[0]!).at(-1)!;
  const inWidth = (node: Node): number => shape(node.inputs[0]!).at(-1)!;
  const kernel = (node: Node): number => shape(node.inputs[1]!)[0]!;
  const of = (...ops: string[]): Node[] => graph.nodes.filter((node) => ops.includes(node.op));
  const [convs, depthwise] = [of('conv'), of('dwconv')];
  const every = (step: number, from: number, count: number): Node[] =>
    Array.from({ length: count }, (_, index) => convs[from + step * index]!);

  if (family === 'alexnet' || family.startsWith('vgg')) {
    const hidden = of('fc').slice(0, -1);
    return { kernels: convs.map(kernel), widths: [...convs, ...hidden].map(width) };
  }
  if (family === 'mobilenetv1') {
    return { kernels: depthwise.map(kernel), widths: convs.map(width) };
  }
  if (family === 'squeezenet') {
    return { kernels: every(3, 3, 8).map(kernel), widths: every(3, 2, 8).map(width) };
  }
  if (family === 'googlenet') {
    const lists = ['single', 'reduce3', 'out3', 'reduce5', 'out5', 'projection'];
    return Object.fromEntries(lists.map((list, at) => [list, every(6, 3 + at, 9).map(width)]));
  }
  if (family === 'densenet') {
    const grown = of('concat').map((node) => graph.producer(node.inputs[1]!)!);
    return { kernels: grown.map(kernel), growths: grown.map(width) };
  }
  if (family.startsWith('resnet')) {
    const blocks = of('add').map((add) => mainPath(graph, add));
    if (family !== 'resnet50') {
      return {
        kernels: blocks.map(([first]) => kernel(first!)),
        widths: blocks.map(([first]) => width(first!)),
      };
    }
    const reductions = blocks.map(([inner, , outer]) => width(outer!) / (4 * width(inner!)));
    return {
      kernels: blocks.map(([, spatial]) => kernel(spatial!)),
      widths: blocks.map(([inner], index) => width(inner!) * reductions[index]!),
      reductions,
    };
  }
  if (family === 'shufflenetv2') {
    const units = of('concat');
    let next = 0;
    const branches = units.map((unit) => {
      if (isReduction(graph, unit)) next++;
      return depthwise[next++]!;
    });
    return {
      kernels: branches.map(kernel),
      widths: [width(convs[0]!), ...units.map(width), width(convs.at(-1)!)],
      ratios: branches.map((branch, index) => (width(branch) + 0.5) / (width(units[index]!) / 2)),
    };
  }
  const blocks = family === 'mnasnet' ? depthwise.slice(1) : depthwise;
  const image = convs
    .filter((node) => shape(node.outputs[0]!)[1] !== 1)
    .slice(family === 'mnasnet' ? 2 : 1);
  const expanding = blocks.map((_, index) => image[2 * index]!);
  const widths = blocks.map((_, index) => width(image[2 * index + 1]!));
  const kernels = blocks.map(kernel);
  if (family.startsWith('mobilenetv3')) return { kernels, widths, expanded: expanding.map(width) };
  const expansions = expanding.map((node) => width(node) / inWidth(node));
  return family === 'mobilenetv2'
    ? { kernels, widths: [width(convs[0]!), ...widths, width(convs.at(-1)!)], expansions }
    : { kernels, widths, expansions };
}

/** The convolutions of a residual block before its addition, without the shortcut's. */
function mainPath(graph: Graph, add: Node): Node[] {
  const path: Node[] = [];
  let node = graph.producer(add.inputs[0]!);
  while (node !== undefined && node.op !== 'maxpool' && node.op !== 'add') {
    if (node.op === 'conv') path.unshift(node);
    node = graph.producer(node.inputs[0]!);
  }
  return path;
}

/** Whether both branches of a ShuffleNet unit were convolved. */
function isReduction(graph: Graph, unit: Node): boolean {
  return unit.inputs.every((input) => graph.producer(input)?.op !== 'split');
}
