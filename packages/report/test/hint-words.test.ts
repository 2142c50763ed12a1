import { expect, test } from '@jest/globals';
import { type ErrorHint, NnMeterError } from '@nnmeter/ir';
import { failureToJson, type HintWords } from '@nnmeter/report';

const WORDS: HintWords = {
  inputShapes: (shapes) => `shape of ${Object.keys(shapes)}`,
  download: (wanted) => (wanted === 'dataset' ? 'data' : `get ${wanted.predictor}`),
  versions: (versions) => `one of ${versions}`,
  signatures: (signatures) => `sign ${signatures}`,
  types: (types, text) => `${text} (${types})`,
};

test.each<[Partial<ErrorHint>, string]>([
  [{}, 'as the library says'],
  [{ inputShapes: { x: [1, 2] } }, 'shape of x'],
  [{ download: 'dataset' }, 'data'],
  [{ download: { predictor: 'mine' } }, 'get mine'],
  [{ versions: ['1.0', '2.0'] }, 'one of 1.0,2.0'],
  [{ signatures: ['a'] }, 'sign a'],
  [{ types: ['onnx'] }, 'as the library says (onnx)'],
])('a hint of %j is worded by the interface', (facts, hint) => {
  const error = new NnMeterError('E_INVALID_INPUT', 'it is wrong', {
    hint: { text: 'as the library says', ...facts },
  });
  expect(failureToJson(error, WORDS)).toMatchObject({ message: `it is wrong; ${hint}`, hint });
  expect(failureToJson(error).hint).toBe('as the library says');
});
