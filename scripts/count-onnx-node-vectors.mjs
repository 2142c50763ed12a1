// node scripts/count-onnx-node-vectors.mjs FILE: counts over the node tests of the onnx library, as fixtures/make-onnx-node-vectors.py
// writes them to FILE, how many are folded to the reference's values and how many shapes are right, and lists the others.
import { readFileSync } from 'node:fs';
import { inferOnnxShapes, readOnnx } from '../packages/frontend-onnx/dist/index.js';

/** Outcome -> op -> names of tests. */
const found = new Map();
for (const vector of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  const bytes = Uint8Array.from(Buffer.from(vector.model, 'base64'));
  count(
    `inputs ${vector.mode === 'input' ? 'fed' : 'constant'}, shape`,
    vector,
    shapeOf(bytes, vector),
  );
  if (vector.mode === 'constant') count('values', vector, valuesOf(bytes, vector));
}
for (const [outcome, ops] of found) {
  console.log(`${outcome}: ${[...ops.values()].flat().length}`);
  if (!/right/.test(outcome))
    console.log(`  ${[...ops].map(([op, { length }]) => `${op} ${length}`).join(', ')}`);
}

function count(what, { op, name }, outcome) {
  const key = `${what} ${outcome}`;
  if (!found.has(key)) found.set(key, new Map());
  const ops = found.get(key);
  ops.set(op, [...(ops.get(op) ?? []), name]);
}

function shapeOf(bytes, { outputs }) {
  let shapes;
  try {
    shapes = inferOnnxShapes(bytes);
  } catch {
    return 'refused';
  }
  const all = outputs.map(({ shape }, index) => [shapes.get(`o${index}`), shape]);
  if (all.some(([shape]) => shape === undefined)) return 'unknown';
  return all.every(([shape, expected]) => shape.join() === expected.join()) ? 'right' : 'other';
}

function valuesOf(bytes, { outputs }) {
  if (outputs.every(({ values }) => values === null)) return 'too many to be shown';
  const graph = readOnnx(bytes);
  for (const [index, { type, values }] of outputs.entries()) {
    if (values === null) continue;
    const tensor = graph.tensor(graph.outputs[index] ?? graph.outputs[0]);
    if (tensor.kind !== 'constant' || tensor.values === undefined) return 'not computed';
    const isRight = values.every((value, at) => {
      const expected = Number(String(value).replace('inf', 'Infinity'));
      const scale = { float16: 1e-3, float32: 1e-6, float64: 1e-9 }[type] ?? 0;
      return (
        Object.is(tensor.values[at], expected) ||
        tensor.values[at] === expected ||
        Math.abs(tensor.values[at] - expected) <= scale * Math.max(1, Math.abs(expected))
      );
    });
    if (!isRight) return 'other';
  }
  return 'right';
}
