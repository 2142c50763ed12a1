// The blocks of ../shared/devices/hybrid-transformer-lut.csv.gz as graphs. What each consists of is known from the scripts
// that exported them (microsoft/nn-Meter, branch dev/hybrid-transformer, examples/test_transformer/build_lut): Keras layers
// for images in NHWC and rows of tokens, heads of 16 channels, no windows.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { GraphBuilder } from '@nnmeter/ir';

const HEAD_CHANNELS = 16;
const CLASSES = 1000;

/** Latencies by block and column: ids, types, a graph for each, ms by column. */
export function readBlocks(shared, file) {
  const [header, ...lines] = gunzipSync(readFileSync(join(shared, file)))
    .toString()
    .trim()
    .split('\n');
  const [, ...columns] = header.split(',');
  const rows = lines.map((line) => {
    const [id, ...ms] = line.split(',');
    return { id: JSON.parse(id), ms: ms.map(Number) };
  });
  return {
    ids: rows.map(({ id }) => id),
    types: rows.map(({ id }) => typeOf(id)),
    graphs: rows.map(({ id }) => blockOf(id)),
    measured: (column) => Float64Array.from(rows, ({ ms }) => ms[columns.indexOf(column)]),
  };
}

function typeOf(id) {
  return id.replace(/_.*/, '');
}

/** @param id as in the file: type, side of the image, channels, and what the type has besides */
function blockOf(id) {
  const [type, ...fields] = id.split('_');
  const [side, channels, ...rest] = fields.map((text) =>
    /^\d+$/.test(text) ? Number(text) : text,
  );
  const builder = new GraphBuilder(id, { layout: 'NHWC' });
  const image = () => builder.input('input', [1, side, side, channels]);
  const tokens = () => builder.input('input', [1, side * side, channels]);
  switch (type) {
    case 'firstconv': {
      const [outChannels, stride, kernel] = rest;
      const x = builder.conv(image(), outChannels, {
        kernel,
        stride,
        padding: 'same',
        bias: false,
      });
      return builder.build(activated(builder, builder.bn(x)));
    }
    case 'conv': {
      const [outChannels, expansion, stride, , , kernel, excited] = rest;
      const options = { outChannels, expansion, stride, kernel, hasExcitation: excited === 'se' };
      return builder.build(invertedResidual(builder, image(), options));
    }
    case 'transds': {
      const [outChannels, stride, expansion] = rest;
      const options = { outChannels, expansion, stride, kernel: 3, hasExcitation: true };
      const x = invertedResidual(builder, asImage(builder, tokens()), options);
      return builder.build(asTokens(builder, x));
    }
    case 'transattn':
      return builder.build(attention(builder, tokens(), rest.find(Number.isInteger)));
    case 'transffn':
      return builder.build(perceptron(builder, tokens(), rest[0]));
    case 'mbpool': {
      const [outChannels, expansion] = rest;
      const x = asImage(builder, tokens());
      const wide = builder.conv(x, channels * expansion, { bias: false });
      const pooled = builder.mean(activated(builder, builder.bn(wide)), [1, 2], { keepDims: true });
      return builder.build(builder.fc(builder.conv(pooled, outChannels, { bias: false }), CLASSES));
    }
    default:
      throw new Error(`no block of type ${type}: ${id}`);
  }
}

const activated = (builder, x) => builder.unary('hswish', x);

function asImage(builder, x) {
  const side = Math.sqrt(x.shape[1]);
  return builder.reshape(x, [1, side, side, x.shape[2]], 'NHWC');
}

function asTokens(builder, x) {
  const [, height, width, channels] = x.shape;
  return builder.reshape(x, [1, height * width, channels]);
}

/** A shortcut joins all but where the channels are kept and the stride is 2. */
function invertedResidual(
  builder,
  input,
  { outChannels, expansion, stride, kernel, hasExcitation },
) {
  const channels = input.shape.at(-1);
  const inner = channels * expansion;
  const plain = { bias: false };
  let x = input;
  if (expansion > 1) x = activated(builder, builder.bn(builder.conv(x, inner, plain)));
  x = builder.dwconv(x, { kernel, stride, padding: 'same', bias: false });
  x = activated(builder, builder.bn(x));
  if (hasExcitation) x = builder.mul(x, excitation(builder, x));
  x = builder.bn(builder.conv(x, outChannels, plain));
  if (channels !== outChannels) {
    let shortcut = input;
    if (stride === 2) {
      if (input.shape[2] % 2 === 1) shortcut = builder.pad(shortcut, [0, 1, 1, 0, 0, 1, 1, 0]);
      shortcut = builder.avgpool(shortcut, 2, { stride: 2 });
    }
    return builder.add(x, builder.conv(shortcut, outChannels, plain));
  }
  return stride === 1 ? builder.add(x, input) : x;
}

function excitation(builder, x) {
  const channels = x.shape.at(-1);
  const pooled = builder.mean(x, [1, 2], { keepDims: true });
  const squeezed = builder.relu(builder.conv(pooled, Math.floor(channels / 4)));
  return builder.unary('hardsigmoid', builder.conv(squeezed, channels));
}

function attention(builder, x, valueScale) {
  const [, count, channels] = x.shape;
  const heads = Math.floor(channels / HEAD_CHANNELS);
  const sizes = [HEAD_CHANNELS, HEAD_CHANNELS, HEAD_CHANNELS * valueScale];
  const perHead = sizes.reduce((sum, size) => sum + size, 0);
  const joined = activated(
    builder,
    builder.fc(builder.layernorm(x), heads * perHead, { bias: false }),
  );
  const byHead = builder.transpose(
    builder.reshape(joined, [1, count, heads, perHead]),
    [0, 2, 1, 3],
  );
  const [query, key, value] = builder.split(byHead, sizes, 3);
  const scores = builder.mul(
    builder.matmul(query, key, { transposeB: true }),
    HEAD_CHANNELS ** -0.5,
  );
  const placed = builder.add(scores, builder.constant('positions', [heads, count, count]));
  const heard = builder.matmul(builder.softmax(placed), value);
  const merged = builder.reshape(builder.transpose(heard, [0, 2, 1, 3]), [1, count, -1]);
  return builder.fc(activated(builder, merged), channels, { bias: false });
}

function perceptron(builder, input, expansion) {
  const x = builder.layernorm(input);
  const channels = x.shape[2];
  const inner = activated(builder, builder.fc(x, channels * expansion, { bias: false }));
  return builder.add(x, builder.fc(inner, channels, { bias: false }));
}
