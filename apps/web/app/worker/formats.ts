import nni from '@nnmeter/frontend-nni/package.json' with { type: 'json' };
import ir from '@nnmeter/frontend-nnmeter-ir/package.json' with { type: 'json' };
import onnx from '@nnmeter/frontend-onnx/package.json' with { type: 'json' };
import tensorflow from '@nnmeter/frontend-tf/package.json' with { type: 'json' };
import tflite from '@nnmeter/frontend-tflite/package.json' with { type: 'json' };
import torch from '@nnmeter/frontend-torch/package.json' with { type: 'json' };
import type { FormatFacts, Frontend } from '@nnmeter/model-source';
import { registerFrontend } from '@nnmeter/predictor';

type Load = () => Promise<{ readonly frontend: Frontend }>;

/** What is known of each format before its code is loaded, and the code. */
const FORMATS: readonly (readonly [FormatFacts, Load])[] = [
  [onnx.nnmeter, () => import('@nnmeter/frontend-onnx')],
  [tensorflow.nnmeter, () => import('@nnmeter/frontend-tf')],
  [tflite.nnmeter, () => import('@nnmeter/frontend-tflite')],
  [torch.nnmeter, () => import('@nnmeter/frontend-torch')],
  [ir.nnmeter, () => import('@nnmeter/frontend-nnmeter-ir')],
  [nni.nnmeter, () => import('@nnmeter/frontend-nni')],
];

/** As plain data. */
export const formatFacts: readonly FormatFacts[] = FORMATS.map(([facts]) => facts);

/** Makes all formats known; the code of one is loaded when a file may be of it. */
export function registerFormats(): void {
  for (const [facts, load] of FORMATS) {
    registerFrontend({
      ...facts,
      matches: async (head, source) => (await load()).frontend.matches(head, source),
      read: async (source, options) => (await load()).frontend.read(source, options),
    });
  }
}

let networks: Promise<typeof import('@nnmeter/zoo')> | undefined;

/** Makes networks of torchvision known by name. */
export function loadNetworks(): Promise<typeof import('@nnmeter/zoo')> {
  networks ??= import('@nnmeter/zoo').then((zoo) => {
    registerFrontend(zoo.frontend);
    return zoo;
  });
  // What could not be loaded is asked for again the next time.
  networks.catch(() => {
    networks = undefined;
  });
  return networks;
}
