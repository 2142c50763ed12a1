import type { Op } from '@nnmeter/ir';
import { isOp } from '@nnmeter/ir';

/**
 * Op names of TensorFlow, ONNX and nn-Meter in lower case, where they differ from the canonical name. Names with
 * several meanings (Mean, Sum, Max, MatMul, Clip, ...) get their usual one here; the reader looks at the operands.
 */
const ALIASES = new Map<string, Op>(
  Object.entries({
    conv: ['conv1d', 'conv2d', 'conv3d', 'fusedconv2d', '_fusedconv2d'],
    dwconv: [
      'depthwiseconv2d',
      'depthwiseconv2dnative',
      'depthwise_conv_2d',
      'depthwise_conv2d',
      'fuseddepthwiseconv2dnative',
    ],
    convtranspose: [
      'convtrans',
      'conv2dbackpropinput',
      'conv3dbackpropinputv2',
      'conv2dtranspose',
      'transposeconv',
      'transpose_conv',
    ],
    fc: [
      'gemm',
      'dense',
      'linear',
      'fullyconnected',
      'fully_connected',
      'innerproduct',
      '_fusedmatmul',
    ],
    matmul: ['batchmatmul', 'batchmatmulv2', 'batchmatmulv3', 'batch_matmul'],
    lstm: ['lstmblockcell', 'blocklstm'],
    bn: [
      'batchnormalization',
      'batchnorm',
      'batchnorm2d',
      'fusedbatchnorm',
      'fusedbatchnormv2',
      'fusedbatchnormv3',
    ],
    layernorm: ['layernormalization'],
    groupnorm: ['groupnormalization'],
    instancenorm: ['instancenormalization'],
    rmsnorm: ['rmsnormalization'],
    l2norm: ['lpnormalization', 'l2normalize', 'l2_normalization'],
    relu: ['relu6', 'relun1to1', 'reluv2'],
    clip: ['clipbyvalue'],
    hardsigmoid: ['hard_sigmoid', 'hsigmoid'],
    hswish: ['hardswish', 'hard_swish', 'h_swish'],
    swish: ['silu'],
    sigmoid: ['logistic'],
    leakyrelu: ['leaky_relu'],
    softmax: ['softmaxv2'],
    add: ['biasadd', 'bias_add', 'addv2', 'addn', 'sum'],
    sub: ['subtract'],
    mul: ['multiply'],
    div: ['realdiv', 'floordiv', 'divnonan', 'divide'],
    mod: ['floormod'],
    max: ['maximum'],
    min: ['minimum'],
    and: ['logicaland'],
    or: ['logicalor'],
    not: ['logicalnot'],
    where: ['select', 'selectv2'],
    maxpool: ['maxpoolv2', 'maxpool2d', 'max_pool', 'maxpooling'],
    avgpool: ['averagepool', 'avgpool2d', 'avg_pool', 'avgpooling'],
    gap: [
      'globalaveragepool',
      'globalavgpool',
      'global-avgpool',
      'global-pool',
      'global_average_pool',
    ],
    globalmaxpool: ['global_max_pool'],
    reducemean: ['mean'],
    concat: ['concatv2', 'concatenate', 'concatenation'],
    split: ['splitv'],
    slice: ['stridedslice', 'strided_slice', 'dynamicslice'],
    reshape: ['flatten', 'squeeze', 'unsqueeze', 'expanddims', 'view'],
    transpose: ['permute'],
    pad: ['padv2', 'mirrorpad'],
    gather: ['gatherv2', 'gathernd', 'gatherelements', 'embedding'],
    scatter: ['scatternd', 'scatterelements'],
    expand: ['broadcastto'],
    resize: [
      'resizebilinear',
      'resizenearestneighbor',
      'resizebicubic',
      'resize_bilinear',
      'upsample',
      'upsampling2d',
    ],
    depthtospace: ['depth_to_space', 'pixelshuffle'],
    spacetodepth: ['space_to_depth'],
    topk: ['topkv2'],
    quantize: ['quantizelinear', 'quantizev2', 'fakequantwithminmaxvars'],
    dequantize: ['dequantizelinear'],
  } satisfies { [O in Op]?: readonly string[] }).flatMap(([op, names]) =>
    names.map((name): [string, Op] => [name, op as Op]),
  ),
);

/** The canonical op of a TensorFlow, ONNX or nn-Meter op name (any case); `custom` for all others. */
export function canonicalOp(sourceOp: string): Op {
  const name = sourceOp.toLowerCase();
  return ALIASES.get(name) ?? (isOp(name) ? name : 'custom');
}

/** How a node takes part in a graph: the input, a constant, a mere alias, or work. */
export type Role = 'input' | 'constant' | 'alias' | 'op';

/** The role of a TensorFlow, ONNX or nn-Meter op name. */
export function nodeRole(sourceOp: string): Role {
  switch (sourceOp.toLowerCase()) {
    case 'placeholder':
    case 'placeholderwithdefault':
    case 'input':
    case 'inputlayer':
      return 'input';
    case 'const':
    case 'constant':
      return 'constant';
    case 'identity':
    case 'identityn':
    case 'stopgradient':
    case 'dropout':
      return 'alias';
    default:
      return 'op';
  }
}
