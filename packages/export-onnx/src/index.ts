export { type ExportedOnnx, type ExportOptions, exportOnnx, graphToOnnx } from './export-onnx.ts';
export { writeOnnxFile } from './write-onnx-file.ts';
