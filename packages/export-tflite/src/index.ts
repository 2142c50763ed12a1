export { exportTflite, type TfLiteExportOptions, UNEXPORTABLE_OPS } from './export-tflite.ts';
