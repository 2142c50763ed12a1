export {
  type ExportedOnnx,
  type ExportOptions,
  exportOnnx,
  graphToOnnx,
  UNEXPORTABLE_OPS,
} from './export-onnx.ts';
export { writeOnnxFile } from './write-onnx-file.ts';
