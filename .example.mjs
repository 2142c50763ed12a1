import { GraphBuilder } from '@nnmeter/ir';
import { detectKernels, explainFusion } from '@nnmeter/kernel-detect';

const b = new GraphBuilder('example');
const x = b.conv(b.input('image', [1, 3, 32, 32]), 16, { kernel: 3, name: 'conv' });
const graph = b.build(b.maxpool(b.relu(x, { name: 'act' }), 2, { name: 'pool' }));

const today = { BF_conv_relu: true };
for (const { from, to, reason } of explainFusion(graph, { fuse: today }, 'pool').pairs)
  console.log(`${from} -> ${to}: ${reason}`);

const tomorrow = { ...today, BF_conv_maxpool: true, BF_relu_maxpool: true };
for (const fuse of [today, tomorrow])
  console.log(detectKernels(graph, { fuse }).map((kernel) => kernel.type));
