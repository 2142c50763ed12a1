import { NnMeterError, quote } from '@nnmeter/ir';
import {
  KERNEL_KINDS,
  type KernelDescription,
  type KernelKind,
  KIND,
} from '@nnmeter/latency-model';
import { readJson } from './read-json.ts';
import { type SquareKernel, squareKernel } from './square-kernel.ts';

/** A single kernel whose latency was measured on the device. */
export interface Anchor {
  readonly name: string;
  readonly kernel: KernelDescription;
  readonly ms: number;
  /** In the fit, in networks. */
  readonly weight: number;
}

const DEFAULT_WEIGHT = 3;

interface AnchorsFile {
  readonly anchors: readonly {
    readonly name: string;
    readonly ms: number;
    readonly weight?: number;
    readonly kernel: SquareKernel & { readonly kind: string };
  }[];
}

/**
 * Reads the kernels that were measured alone on a device: its `anchors.json` (schema/anchors.schema.json).
 * @throws NnMeterError E_FILE if it cannot be read, E_INVALID_INPUT if it breaks the schema
 */
export async function readAnchors(file: string): Promise<Anchor[]> {
  const { anchors } = await readJson<AnchorsFile>(file, 'anchors.schema.json');
  return anchors.map(({ name, ms, weight = DEFAULT_WEIGHT, kernel: { kind, ...sizes } }) => {
    if (!isKind(kind)) {
      const known = KERNEL_KINDS.join(', ');
      throw new NnMeterError(
        'E_INVALID_INPUT',
        `${quote(file)}: ${name} is of the unknown kind ${quote(kind)}; known are ${known}`,
      );
    }
    return { name, ms, weight, kernel: squareKernel(KIND[kind], sizes) };
  });
}

function isKind(kind: string): kind is KernelKind {
  return (KERNEL_KINDS as readonly string[]).includes(kind);
}
