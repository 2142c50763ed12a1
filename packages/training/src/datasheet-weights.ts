import {
  datasheetCoefficients,
  KERNEL_KINDS,
  type LatencyModelWeights,
  LIMITS_PER_KIND,
} from '@nnmeter/latency-model';

/** What a data sheet says of a GPU. */
export interface Datasheet {
  /** Peak multiply-accumulates of its matrix units per ms. */
  readonly macsPerMs: number;
  /** Of its memory. */
  readonly bytesPerMs: number;
}

/** Simple operations a ms that are expected beside the peak, as a share. */
const VECTOR_SHARE = 1 / 16;
/** Matrix products reach this share of the peak. */
const PRODUCT_SHARE = 1;

/** Over a large batch; weights have no limit of 0. */
const LEAST_LAUNCH_MS = 1e-9;

/** Weights to learn an NVIDIA GPU from (see `learnDevice`): what its data sheet has every term cost at best. */
export function datasheetWeights({ macsPerMs, bytesPerMs }: Datasheet): LatencyModelWeights {
  const kinds = KERNEL_KINDS.length;
  return {
    terms: 'cuda',
    physics: { launchMs: LEAST_LAUNCH_MS, macsPerMs, bytesPerMs, bytesPerElement: 2 },
    constantMs: 0,
    coefficients: datasheetCoefficients({ macsPerMs, bytesPerMs }),
    measured: new Uint8Array(kinds).fill(1),
    measuredFused: new Uint8Array(kinds),
    limits: new Float32Array(LIMITS_PER_KIND * kinds),
    sides: new Uint16Array(0),
    cells: new Uint32Array(0),
    structures: new Uint32Array(0),
    throughput: {
      launchMs: LEAST_LAUNCH_MS,
      macsPerMs: PRODUCT_SHARE * macsPerMs,
      vectorPerMs: VECTOR_SHARE * macsPerMs,
      bytesPerMs,
    },
    interval: null,
    forest: null,
  };
}
