import type { ShapedTensor } from '@nnmeter/ir';
import type { FamilyConfiguration, FamilyNetwork } from './configuration.ts';
import type { TfBuilder } from './tf-builder.ts';

const LISTS = ['kernels', 'widths'];

/** Hidden fully connected layers of AlexNet and VGG. */
function hiddenLayers(tf: TfBuilder, x: ShapedTensor, widths: readonly number[]): ShapedTensor {
  return widths.reduce((y, width) => tf.relu(tf.fc(y, width)), tf.globalAverage(x));
}

export const alexnet: FamilyNetwork = {
  name: 'alexnet',
  lists: LISTS,
  base: { kernels: [11, 5, 3, 3, 3], widths: [64, 192, 384, 256, 256, 4096, 4096] },
  body(tf, { kernels, widths }) {
    let x = tf.relu(tf.conv(tf.input, widths![0]!, kernels![0]!, 4, 'VALID'));
    x = tf.maxPool(x, 3, 2, 'SAME');
    x = tf.relu(tf.conv(x, widths![1]!, kernels![1]!));
    x = tf.maxPool(x, 3, 2, 'VALID');
    for (const index of [2, 3, 4]) x = tf.relu(tf.conv(x, widths![index]!, kernels![index]!));
    return hiddenLayers(tf, tf.maxPool(x, 3, 2, 'VALID'), widths!.slice(5, 7));
  },
};

function vgg(name: string, depths: readonly number[]): FamilyNetwork {
  const base = depths.flatMap((depth, stage) =>
    new Array<number>(depth).fill(Math.min(64 * 2 ** stage, 512)),
  );
  return {
    name,
    lists: LISTS,
    base: { kernels: base.map(() => 3), widths: [...base, 4096, 4096] },
    body(tf, { kernels, widths }) {
      let x = tf.input;
      let index = 0;
      for (const depth of depths) {
        for (const end = index + depth; index < end; index++) {
          x = tf.convBnRelu(x, widths![index]!, kernels![index]!);
        }
        x = tf.maxPool(x, 2, 2, 'VALID');
      }
      return hiddenLayers(tf, x, widths!.slice(index, index + 2));
    },
  };
}

export const vggs: readonly FamilyNetwork[] = [
  vgg('vgg11', [1, 1, 2, 2, 2]),
  vgg('vgg13', [2, 2, 2, 2, 2]),
  vgg('vgg16', [2, 2, 3, 3, 3]),
  vgg('vgg19', [2, 2, 4, 4, 4]),
];

const MOBILENETV1_REDUCTIONS = [1, 3, 5, 11];

export const mobilenetv1: FamilyNetwork = {
  name: 'mobilenetv1',
  lists: LISTS,
  base: {
    kernels: new Array<number>(13).fill(3),
    widths: [32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024],
  },
  body(tf, { kernels, widths }) {
    let x = tf.convBnRelu(tf.input, widths![0]!, kernels![0]!, 2);
    for (const [index, kernel] of kernels!.slice(0, 13).entries()) {
      const stride = MOBILENETV1_REDUCTIONS.includes(index) ? 2 : 1;
      x = tf.relu(tf.batchNorm(tf.depthwise(x, kernel, stride)));
      x = tf.convBnRelu(x, widths![index + 1]!);
    }
    return tf.globalAverage(x);
  },
};

export const squeezenet: FamilyNetwork = {
  name: 'squeezenet',
  lists: LISTS,
  base: { kernels: new Array<number>(8).fill(3), widths: [64, 64, 128, 128, 192, 192, 256, 256] },
  body(tf, { kernels, widths }) {
    let x = tf.relu(tf.conv(tf.input, 96, 7, 2));
    x = tf.maxPool(x, 3, 2, 'SAME');
    for (const [index, kernel] of kernels!.slice(0, 8).entries()) {
      const width = widths![index]!;
      const squeezed = tf.relu(tf.conv(x, Math.floor(width / 4)));
      const narrow = tf.relu(tf.conv(squeezed, width));
      x = tf.concat([narrow, tf.relu(tf.conv(squeezed, width, kernel))]);
      if (index === 2 || index === 6) x = tf.maxPool(x, 3, 2, 'SAME');
    }
    return tf.globalAverage(tf.relu(tf.conv(x, 512)));
  },
};

const GOOGLENET_LISTS = ['single', 'reduce3', 'out3', 'reduce5', 'out5', 'projection'];

/** Six widths per inception block: 1x1, 3x3 reduction, 3x3, 5x5 reduction, 5x5, projection after the pooling. */
export const googlenet: FamilyNetwork = {
  name: 'googlenet',
  lists: GOOGLENET_LISTS,
  base: {
    single: [64, 128, 192, 160, 128, 112, 256, 256, 384],
    reduce3: [96, 128, 96, 112, 128, 144, 160, 160, 192],
    out3: [128, 192, 208, 224, 256, 288, 320, 320, 384],
    reduce5: [16, 32, 16, 24, 24, 32, 32, 32, 48],
    out5: [32, 96, 48, 64, 64, 64, 128, 128, 128],
    projection: [32, 64, 64, 64, 64, 64, 128, 128, 128],
  },
  body(tf, configuration) {
    let x = tf.maxPool(tf.convBnRelu(tf.input, 64, 7, 2), 3, 2, 'SAME');
    x = tf.convBnRelu(tf.convBnRelu(x, 64), 192, 3);
    x = tf.maxPool(x, 3, 2, 'SAME');
    for (let index = 0; index < 9; index++) {
      x = inception(tf, x, configuration, index);
      if (index === 1 || index === 6) x = tf.maxPool(x, 3, 2, 'SAME');
    }
    return tf.globalAverage(x);
  },
};

function inception(
  tf: TfBuilder,
  x: ShapedTensor,
  configuration: FamilyConfiguration,
  index: number,
): ShapedTensor {
  const [single, reduce3, out3, reduce5, out5, projection] = GOOGLENET_LISTS.map(
    (list) => configuration[list]![index]!,
  ) as [number, number, number, number, number, number];
  return tf.concat([
    tf.convBnRelu(x, single),
    tf.convBnRelu(tf.convBnRelu(x, reduce3), out3, 3),
    tf.convBnRelu(tf.convBnRelu(x, reduce5), out5, 5),
    tf.convBnRelu(tf.maxPool(x, 3, 1, 'SAME'), projection),
  ]);
}
