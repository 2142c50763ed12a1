import { NnMeterError } from '@nnmeter/ir';

/** A device's fusion behaviour as data. */
export interface FusionRules {
  /**
   * Which stage joins a kernel: `BF_<type>_<type>` as in nn-Meter, with the types kernels are made of: canonical ops
   * (maxpool, avgpool, fc, convtranspose, ...) and blocks (se, hswish, swish, gelu, layernorm, ...). Absent is false.
   */
  readonly fuse: Readonly<Record<string, boolean>>;
  /**
   * Set of a framework that runs the operations of a program one by one, as PyTorch does: what converters would take away,
   * put together or move is run as it stands.
   */
  readonly eager?: boolean;
  /** The rules as published, by their published names; nn-Meter mode goes by these alone. */
  readonly official?: Readonly<Record<string, boolean>>;
  /** Where the rules come from. */
  readonly source?: string;
  /** Reasons for the entries of `fuse` that the published rules do not have or contradict. */
  readonly because?: readonly { readonly rules: readonly string[]; readonly reason: string }[];
}

/** A kernel's stages so far. States are shared by all kernels of the same stages. */
export interface KernelState {
  readonly stages: readonly string[];
  /** `stages` joined by "-". */
  readonly type: string;
  /** The first stage decides what may join. */
  readonly root: string;
  /** The last stage that is not a bn: a bn folds into the weights before it and leaves no trace. */
  readonly last: string;
  readonly transitions: Map<string, KernelState | null>;
}

/** Kernels of more stages than this would be unreadable; no device is known to fuse as many. */
const MAX_STAGES = 8;

/**
 * Fusion rules as an automaton over stages, so that detection takes one lookup per stage. Stages are named by canonical
 * op or block.
 */
export class CompiledRules {
  readonly rules: FusionRules;
  /** What decides, in order: rules with equal texts detect the same kernels. */
  readonly allowed: string;
  readonly #start = new Map<string, KernelState>();

  constructor(rules: FusionRules) {
    for (const [name, value] of Object.entries(rules.fuse)) {
      if (!/^BF_[a-z0-9]+_[a-z0-9]+$/.test(name) || typeof value !== 'boolean') {
        throw new NnMeterError(
          'E_INVALID_INPUT',
          `fusion rule "${name}": ${JSON.stringify(value)} is not understood; rules are BF_<type>_<type>: true or false`,
        );
      }
    }
    this.rules = rules;
    const names = Object.keys(rules.fuse).filter((name) => rules.fuse[name]);
    this.allowed = [rules.eager === true ? 'eager' : 'converted', ...names.sort()].join();
  }

  /** The state of a kernel of one stage. */
  start(stage: string): KernelState {
    let state = this.#start.get(stage);
    if (state === undefined) {
      state = { stages: [stage], type: stage, root: stage, last: stage, transitions: new Map() };
      this.#start.set(stage, state);
    }
    return state;
  }

  /** The state after a stage joins, null if the rules keep it out. */
  join(state: KernelState, stage: string): KernelState | null {
    let next = state.transitions.get(stage);
    if (next === undefined) {
      next = this.refusal(state, stage) === undefined ? extend(state, stage) : null;
      state.transitions.set(stage, next);
    }
    return next;
  }

  /**
   * Why a stage may not join a kernel: both the kernel's root and its last stage must fuse with it, so that
   * conv-relu takes an add where BF_conv_add and BF_relu_add hold, and never a bn.
   */
  refusal(state: KernelState, stage: string): string | undefined {
    if (state.stages.length >= MAX_STAGES) return `the kernel has ${MAX_STAGES} stages already`;
    for (const rule of [`BF_${state.root}_${stage}`, `BF_${state.last}_${stage}`]) {
      if (Object.hasOwn(this.rules.fuse, rule) && this.rules.fuse[rule]) continue;
      const known = Object.hasOwn(this.rules.fuse, rule);
      const reason = this.rules.because?.find((entry) => entry.rules.includes(rule))?.reason;
      return `rule ${rule} is ${known ? 'false' : 'not given'}${known && reason !== undefined ? ` (${reason})` : ''}`;
    }
    return undefined;
  }
}

function extend(state: KernelState, stage: string): KernelState {
  const stages = [...state.stages, stage];
  return {
    stages,
    type: stages.join('-'),
    root: state.root,
    last: stage === 'bn' ? state.last : stage,
    transitions: new Map(),
  };
}

const compiled = new WeakMap<FusionRules, CompiledRules>();

/**
 * The compiled form of a device's rules, made once per rules object.
 * @throws NnMeterError E_INVALID_INPUT naming a rule that is not understood.
 */
export function compileRules(rules: FusionRules): CompiledRules {
  let result = compiled.get(rules);
  if (result === undefined) {
    result = new CompiledRules(rules);
    compiled.set(rules, result);
  }
  return result;
}
