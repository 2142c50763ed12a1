import { win32 } from 'node:path';
import { expect, test } from '@jest/globals';
import { entryOf, withoutEndSlash } from '../src/folder-paths.ts';

test.each([
  ['models', 'models/a.onnx'],
  ['models/', 'models/a.onnx'],
  ['../models//', '../models/a.onnx'],
  ['.', './a.onnx'],
  ['/', '/a.onnx'],
  ['C:\\models\\', 'C:\\models/a.onnx'],
  ['C:\\', 'C:\\a.onnx'],
  ['D:/', 'D:/a.onnx'],
  ['\\\\host\\share\\', '\\\\host\\share/a.onnx'],
])('a model in %s', (folder, expected) => {
  expect(entryOf(withoutEndSlash(folder), 'a.onnx')).toBe(expected);
});

test.each(['C:\\', 'C:\\models\\', 'C:\\models', 'models\\', '\\\\host\\share\\', '\\'])(
  'on Windows %s stays the same folder',
  (folder) => {
    expect(win32.resolve('D:\\work', withoutEndSlash(folder), 'x')).toBe(
      win32.resolve('D:\\work', folder, 'x'),
    );
    expect(win32.resolve('D:\\work', entryOf(withoutEndSlash(folder), 'a.onnx'))).toBe(
      win32.resolve('D:\\work', folder, 'a.onnx'),
    );
  },
);
