import { graphToOnnx } from '@nnmeter/export-onnx';
import { writeNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { type Graph, NnMeterError } from '@nnmeter/ir';
import { modelToGraph } from '@nnmeter/predictor';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { fixtures, shared } from '../files.ts';
import type { FuzzFormat } from '../format.ts';
import { mutants } from '../mutants.ts';
import type { Syntax } from '../part.ts';
import { nniModels } from '../seeds/nni.ts';
import { singleNodes } from '../seeds/single-nodes.ts';
import { json } from '../syntax/json.ts';
import { numbers } from '../syntax/numbers.ts';
import { protobuf } from '../syntax/protobuf.ts';
import { pt2 as pt2Syntax } from '../syntax/pt2.ts';
import { tflite as tfliteSyntax } from '../syntax/tflite.ts';
import { zip } from '../syntax/zip.ts';
import { useGraph } from '../use-graph.ts';

/** A format of models: its files are read by the frontend of that type, predicted, exported, written and read again. */
export function modelFormat(
  format: Pick<FuzzFormat, 'name' | 'suffix' | 'testRuns'> & {
    readonly type: string;
    /** Of several, each makes as many mutants. */
    readonly syntax: Syntax | readonly [Syntax, ...Syntax[]];
    /** Valid files to make mutants of. */
    readonly files: () => readonly Uint8Array[];
  },
): FuzzFormat {
  const { name, suffix, testRuns, type, syntax, files } = format;
  return {
    name,
    suffix,
    testRuns,
    mutants: () =>
      'parse' in syntax
        ? mutants(syntax, files())
        : fc.oneof(...syntax.map((each) => mutants(each, files()))),
    use: async (bytes) => useGraph(await modelToGraph(bytes, type)),
  };
}

/** Single nodes in another format; those that it has no words for are left out. */
function written(write: (graph: Graph) => Uint8Array): Uint8Array[] {
  return singleNodes().flatMap((graph) => {
    try {
      return [write(graph)];
    } catch (error) {
      if (error instanceof NnMeterError) return [];
      throw error;
    }
  });
}

export const onnx = modelFormat({
  name: 'onnx',
  testRuns: 250,
  type: 'onnx',
  suffix: '.onnx',
  syntax: protobuf,
  files: () => [
    ...fixtures('fixtures/onnx', /\.onnx$/),
    ...written((graph) => graphToOnnx(graph)),
    ...shared('regressions', /\.onnx$/),
    ...shared('hostile', /^min-.*\.onnx$/),
  ],
});

export const tensorflow = modelFormat({
  name: 'tensorflow',
  testRuns: 250,
  type: 'pb',
  suffix: '.pb',
  syntax: protobuf,
  files: () => [
    ...fixtures('fixtures/tf', /\.pb$/),
    ...shared('regressions', /\.pb$/),
    ...shared('hostile', /^(min|internal|nan|zero)-.*\.pb$/),
  ],
});

export const savedModel = modelFormat({
  name: 'saved-model',
  testRuns: 25,
  type: 'pb',
  suffix: '.pb',
  syntax: protobuf,
  files: () => fixtures('fixtures/tf/saved_model', /\.pb$/, 100_000),
});

export const savedModelZip = modelFormat({
  name: 'saved-model-zip',
  testRuns: 50,
  type: 'pb',
  suffix: '.zip',
  syntax: zip,
  files: () =>
    fixtures('fixtures/tf', /\.pb$/).map((graph) =>
      zipSync({ 'saved/fingerprint.pb': new Uint8Array(9), 'saved/saved_model.pb': graph }),
    ),
});

export const nnMeterIr = modelFormat({
  name: 'nnmeter-ir',
  testRuns: 300,
  type: 'nnmeter-ir',
  suffix: '.json',
  syntax: json,
  files: () => [
    ...fixtures('fixtures/nn-meter-ir', /\.json$/),
    ...written((graph) => Buffer.from(JSON.stringify(writeNnMeterIr(graph)))),
    ...shared('hostile', /^(min|internal)-(ir|export).*\.json$/),
  ],
});

export const nni = modelFormat({
  name: 'nni',
  testRuns: 500,
  type: 'nni-ir',
  suffix: '.json',
  syntax: json,
  files: () => [...nniModels(), ...shared('hostile', /^(min|nan|internal)-nni.*\.json$/)],
});

export const tflite = modelFormat({
  name: 'tflite',
  testRuns: 250,
  type: 'tflite',
  suffix: '.tflite',
  syntax: [tfliteSyntax, tfliteSyntax, numbers],
  files: () => fixtures('fixtures/tflite', /\.tflite$/),
});

export const pt2 = modelFormat({
  name: 'pt2',
  testRuns: 150,
  type: 'pt2',
  suffix: '.pt2',
  syntax: [pt2Syntax, pt2Syntax, pt2Syntax, zip],
  files: () => fixtures('fixtures/pt2', /\.pt2$/),
});
