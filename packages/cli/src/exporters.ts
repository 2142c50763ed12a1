import type { Graph } from '@nnmeter/ir';

/** What weights are in an exported model: none but what it makes when it is loaded, zeros, or random values. */
export type ExportWeights = 'none' | 'zero' | 'random';

/** How a format is written. */
export interface Writer {
  encode(graph: Graph): string | Uint8Array;
  /** For formats of several files; otherwise what `encode` returns is written. */
  save?(graph: Graph, path: string): Promise<unknown>;
}

/** A format models can be exported to. */
export interface Exporter {
  /** End of a file's name. */
  readonly ending: string;
  /** What its weights may be; the first is the default. */
  readonly weights: readonly ExportWeights[];
  /** Whether its weights may be in a file beside it. */
  readonly hasExternalWeights: boolean;
  /** Its package is loaded when it is needed. */
  load(weights: ExportWeights, external: boolean | undefined): Promise<Writer>;
}

/** Every format of `nn-meter export`. */
export const EXPORTERS = {
  onnx: {
    ending: '.onnx',
    weights: ['none', 'zero', 'random'],
    hasExternalWeights: true,
    load: async (weights, external) => {
      const { graphToOnnx, writeOnnxFile } = await import('@nnmeter/export-onnx');
      const options = { weights, ...(external !== undefined && { external }) };
      return {
        encode: (graph) => graphToOnnx(graph, { weights }),
        save: (graph, path) => writeOnnxFile(graph, path, options),
      };
    },
  },
  tflite: {
    ending: '.tflite',
    weights: ['zero', 'random'],
    hasExternalWeights: false,
    load: async (weights) => {
      const { exportTflite } = await import('@nnmeter/export-tflite');
      return {
        encode: (graph) =>
          exportTflite(graph, { weights: weights === 'random' ? weights : 'zero' }),
      };
    },
  },
} as const satisfies Readonly<Record<string, Exporter>>;

export type ExportFormat = keyof typeof EXPORTERS;

/** The format that a file's name says. */
export function formatOfName(path: string): ExportFormat | undefined {
  const formats = Object.keys(EXPORTERS) as ExportFormat[];
  return formats.find((format) => path.toLowerCase().endsWith(EXPORTERS[format].ending));
}
