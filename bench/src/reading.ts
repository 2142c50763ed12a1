import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { modelToGraph } from '@nnmeter/predictor';
import { median, round } from './measure.ts';

/** MobileNetV2 as each framework writes it, without weights where the format allows that. */
const FILES = [
  ['ONNX', 'onnx', 'onnx/mobilenet_v2.onnx'],
  ['GraphDef', 'pb', 'tf/mobilenet_v2.pb'],
  ['TFLite', 'tflite', 'tflite/mobilenet_v2_f32.tflite'],
  ['torch.export', 'pt2', 'pt2/mobilenet_v2.pt2'],
] as const;

/** Reading the bytes of one network in each format, in turn; processor time. */
export async function readingByFormat(count: number): Promise<Record<string, string | number>[]> {
  const files = FILES.map(([name, type, file]) => {
    const path = fileURLToPath(new URL(`../../fixtures/${file}`, import.meta.url));
    return { name, type, bytes: new Uint8Array(readFileSync(path)), times: [] as number[] };
  });
  for (let turn = 0; turn <= count; turn++) {
    for (const { type, bytes, times } of files) {
      const before = process.cpuUsage();
      for (let repeat = 0; repeat < 10; repeat++) await modelToGraph(bytes, type);
      const { user, system } = process.cpuUsage(before);
      times.push((user + system) / 10);
    }
  }
  const rows = [];
  for (const { name, type, bytes, times } of files) {
    const nodes = (await modelToGraph(bytes, type)).nodes.length;
    // Half of them warm up.
    const time = median(times.slice(times.length >> 1));
    rows.push({ name, bytes: bytes.length, nodes, ms: round(time / 1000), perNode: time / nodes });
  }
  const { perNode: onnx } = rows[0]!;
  return rows.map(({ perNode, ...row }) => ({
    ...row,
    'us a node': round(perNode),
    'times ONNX': round(perNode / onnx),
  }));
}
