import { broadcastShapes, type Shape } from '@nnmeter/ir';
import { node, type OpContext, type Rows, type Rule } from './rule.ts';

/** Text costs nothing: no device model knows words. */
function free(...shapes: readonly (Shape | undefined)[]) {
  return node('identity', {}, { shapes, operands: [0] });
}

/** One result a word. */
const wordByWord: Rule = (context) => free(context.inputs[0]?.shape);

function joined(context: OpContext) {
  const shapes = context.inputs.flatMap(({ shape }) => (shape === undefined ? [] : [shape]));
  const isKnown = shapes.length === context.inputs.length;
  return free(isKnown ? broadcastShapes(...shapes) : undefined);
}

/** A number a word: the table, the words, what stands for unknown ones. */
function lookedUp(context: OpContext) {
  return node('identity', {}, { operands: [1], shapes: [context.inputs[1]?.shape] });
}

/** How many pieces there are depends on the text. */
const pieces: Rule = () => free(undefined);

/** Rows of words, padded; the shape is the first input, with -1 where it depends on the text. */
function padded(context: OpContext) {
  const shape = context.values(0);
  const isKnown = shape.length > 0 && shape.every((extent) => extent >= 0);
  return node('identity', {}, { operands: [1], shapes: [isKnown ? shape : undefined] });
}

export const textRows: Rows = [
  [
    'StringLower StringUpper StringStrip RegexReplace StaticRegexReplace Substr AsString EncodeBase64 DecodeBase64 UnicodeTranscode ' +
      'StringToHashBucket StringToHashBucketFast StringToHashBucketStrong StringLength StringToNumber RegexFullMatch ' +
      'StaticRegexFullMatch UnicodeScript',
    wordByWord,
  ],
  ['StringJoin', joined],
  ['LookupTableFind LookupTableFindV2', lookedUp],
  [
    'StringSplit StringSplitV2 UnicodeDecode UnicodeDecodeWithOffsets UnicodeEncode StringNGrams ReduceJoin StringFormat',
    pieces,
  ],
  ['RaggedTensorToTensor', padded],
];
