export {
  type ExportedOnnx,
  type ExportOptions,
  exportOnnx,
  graphToOnnx,
  UNEXPORTABLE_OPS,
} from './export-onnx.ts';
export type { ExternalPart } from './onnx-graph.ts';
export { type OnnxFileOptions, writeOnnxFile } from './write-onnx-file.ts';
