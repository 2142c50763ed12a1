// What the scripts beside this one share.
import { readFileSync } from 'node:fs';
import { loadLatencyPredictor } from '@nnmeter/predictor';

export const DEVICES = ['cortexA76', 'adreno640', 'adreno630', 'myriadvpu'];

export function loadPredictors() {
  return Promise.all(DEVICES.map((device) => loadLatencyPredictor(device)));
}

/** The routes that others are compared with, the first that a model has: what most people have, what the devices run. */
const REFERENCES = ['onnx', 'tflite', 'onnx-dynamo', 'pt2', 'pb'];

/** The row of the reference among the rows of one model, of those that `fits` holds for. */
export function referenceOf(rows, fits) {
  return REFERENCES.map((route) => rows.find((row) => row.route === route && fits(row))).find(
    (row) => row !== undefined,
  );
}

export function readLines(file) {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

export function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
