import { readNnMeterIr } from '@nnmeter/frontend-nnmeter-ir';
import { type Graph, NnMeterError, quote } from '@nnmeter/ir';
import { detectKernels, type FusionRules } from '@nnmeter/kernel-detect';
import {
  describeKernels,
  descriptionKey,
  type KernelDescription,
  type TermSetName,
} from '@nnmeter/latency-model';

/** Models as bags of unique kernels, in compressed sparse rows. */
export interface KernelSet {
  readonly kernels: readonly KernelDescription[];
  /** Models + 1 entries: model i owns entries modelStart[i] .. modelStart[i + 1] - 1. */
  readonly modelStart: Uint32Array;
  /** Per entry: index of a unique kernel. */
  readonly kernelIndex: Uint32Array;
  /** Per entry: how often the model runs the kernel. */
  readonly uses: Uint16Array;
}

/** Collects the kernels of one model after the other, as a device with these fusion rules and terms runs them. */
export class KernelCollector {
  readonly #rules: FusionRules;
  readonly #terms: TermSetName;
  readonly #unique = new Map<string, number>();
  readonly #kernels: KernelDescription[] = [];
  readonly #modelStart: number[] = [0];
  readonly #kernelIndex: number[] = [];
  readonly #uses: number[] = [];

  constructor(rules: FusionRules, terms: TermSetName) {
    this.#rules = rules;
    this.#terms = terms;
  }

  add(graph: Graph): void {
    const counts = new Map<number, number>();
    const kernels = detectKernels(graph, this.#rules);
    for (const [position, description] of describeKernels(kernels, graph, this.#terms).entries()) {
      if (description === undefined) {
        const { name } = kernels[position]!.root;
        throw new NnMeterError('E_SHAPE', `node ${quote(name)} has a tensor of unknown shape`);
      }
      const key = descriptionKey(description);
      let index = this.#unique.get(key);
      if (index === undefined) {
        index = this.#kernels.length;
        this.#unique.set(key, index);
        this.#kernels.push(description);
      }
      counts.set(index, (counts.get(index) ?? 0) + 1);
    }
    for (const [index, count] of counts) {
      this.#kernelIndex.push(index);
      this.#uses.push(count);
    }
    this.#modelStart.push(this.#kernelIndex.length);
  }

  finish(): KernelSet {
    return {
      kernels: this.#kernels,
      modelStart: Uint32Array.from(this.#modelStart),
      kernelIndex: Uint32Array.from(this.#kernelIndex),
      uses: Uint16Array.from(this.#uses),
    };
  }
}

/** The graph of a benchmark model. */
export function graphOf(json: unknown, id: string): Graph {
  return readNnMeterIr(json, { name: id });
}
