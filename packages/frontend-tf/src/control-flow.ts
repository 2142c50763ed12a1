import { type Assumptions, NnMeterError, quote } from '@nnmeter/ir';
import { Attributes } from './attributes.ts';
import { type FlatGraph, nodeNameOf, type TfNode } from './flatten.ts';
import { LOOP_STATE } from './ops/constants.ts';

/** Nodes that all steps of one loop may have together; a step counts as one more, so that no loop goes on for ever. */
const MAX_LOOP_NODES = 300_000;

/** How many Identity nodes are followed in search of what a loop does not change. */
const MAX_DEPTH = 64;

const LOOPS = new Set(['While', 'StatelessWhile']);
const BRANCHES = new Set(['If', 'StatelessIf', 'Case', 'StatelessCase']);
const EXITS = new Set(['Exit', 'RefExit']);
const ENTERS = new Set(['Enter', 'RefEnter']);
const SWITCHES = new Set(['Switch', 'RefSwitch']);

const REPLACED = new Set([...LOOPS, ...BRANCHES, ...EXITS]);

/** A loop in TensorFlow 1's or 2's form: state that a step reads and replaces while a condition holds. */
interface Loop {
  readonly name: string;
  /** What the names of its steps' nodes begin with, before the number of the step in brackets. */
  readonly prefix: string;
  /** Keys of the state before the first step. */
  readonly initial: readonly string[];
  /** Adds what decides whether there is a step after `steps` of them. */
  condition(state: readonly string[], steps: number): string;
  /** Adds a step. @returns the state after it */
  body(state: readonly string[], steps: number): readonly string[];
  /** Whether a step may replace that part of the state. */
  changes(part: number): boolean;
  /** Says what the loop's results are. */
  finish(state: readonly string[]): void;
}

/**
 * Replaces loops by their steps, one after the other, and branches by the one that is taken, as far as the conditions
 * follow from shapes and constants. Of a loop whose condition depends on data an assumed number of steps counts, of branches
 * the longest.
 */
export class ControlFlow {
  readonly #flat: FlatGraph;
  readonly #numberOf: (key: string) => number | undefined;
  readonly #warn: (warning: string, node?: string) => void;
  readonly #assumptions: Assumptions;
  /** Prefixes of the loops whose number of steps is assumed. */
  readonly #assumed = new Set<string>();
  /** Whether a loop or branch is still being replaced, by name. */
  readonly #open = new Map<string, boolean>();
  /** By the name of a LoopCond: the switches of its loop. */
  #switches: Map<string, TfNode[]> | undefined;

  constructor(
    flat: FlatGraph,
    facts: {
      /** The first value of a result, if it is known. */
      readonly numberOf: (key: string) => number | undefined;
      readonly warn: (warning: string, node?: string) => void;
      readonly assumptions: Assumptions;
    },
  ) {
    this.#flat = flat;
    this.#numberOf = facts.numberOf;
    this.#warn = facts.warn;
    this.#assumptions = facts.assumptions;
  }

  /**
   * Adds what a loop or branch runs, and aliases of its results; does nothing for other nodes and what is replaced.
   * @throws NnMeterError E_INVALID_GRAPH if a part is missing or a condition depends on itself
   */
  replace(node: TfNode): void {
    if (!REPLACED.has(node.op)) return;
    if (BRANCHES.has(node.op)) {
      this.#once(node.name, () => this.#takeBranch(node));
      return;
    }
    const loop = LOOPS.has(node.op)
      ? this.#functionLoop(node)
      : EXITS.has(node.op)
        ? this.#frameLoop(node)
        : undefined;
    if (loop !== undefined) this.#once(loop.name, () => this.#unroll(loop));
  }

  /** Whether a node is in a step of a loop whose end depends on data. */
  isAssumed(name: string): boolean {
    if (this.#assumed.size === 0) return false;
    for (let at = name.indexOf('['); at >= 0; at = name.indexOf('[', at + 1))
      if (this.#assumed.has(name.slice(0, at))) return true;
    return false;
  }

  #once(name: string, replace: () => void): void {
    const isOpen = this.#open.get(name);
    if (isOpen === false) return;
    if (isOpen) {
      throw new NnMeterError(
        'E_INVALID_GRAPH',
        `the condition of ${quote(name)} depends on its own result`,
        { where: { node: name } },
      );
    }
    this.#open.set(name, true);
    replace();
    this.#open.set(name, false);
  }

  #takeBranch(node: TfNode): void {
    const named = (attribute: string): string => node.attributes.get(attribute)?.func?.name ?? '';
    const branches = node.op.endsWith('Case')
      ? (node.attributes.get('branches')?.list?.func ?? []).map(({ name }) => name ?? '')
      : [named('else_branch'), named('then_branch')];
    const [condition = '', ...inputs] = node.inputs;
    const value = this.#numberOf(condition);
    const last = branches.length - 1;
    let taken = value ?? 0;
    if (value === undefined) {
      this.#warn('which branch is taken depends on data; the longest is counted', node.name);
      for (const [index, branch] of branches.entries())
        if (this.#flat.sizeOf(branch) > this.#flat.sizeOf(branches[taken] ?? '')) taken = index;
    }
    // Any value but 0 is true; Case takes its last branch for what is out of range.
    const branch = branches[taken >= 0 && taken <= last ? taken : last] ?? '';
    const results = this.#flat.call(node, branch, `${node.name}[]/`, inputs);
    this.#alias(node.name, results);
  }

  #alias(name: string, results: readonly string[]): void {
    for (const [slot, key] of results.entries()) this.#flat.alias(`${name}:${slot}`, key);
  }

  #unroll(loop: Loop): void {
    const { name } = loop;
    const before = this.#flat.nodes.size;
    let state = this.#enter(loop);
    let steps = 0;
    let assumed: number | undefined;
    for (;;) {
      const goesOn = this.#numberOf(loop.condition(state, steps));
      if (goesOn === 0) break;
      if (goesOn === undefined) {
        assumed ??= this.#assumptions.size('loop');
        this.#assumed.add(loop.prefix);
        if (steps >= assumed) break;
      }
      if (this.#flat.nodes.size - before + steps > MAX_LOOP_NODES) {
        this.#warn(
          `loops of more than ${MAX_LOOP_NODES.toLocaleString('en')} nodes, all steps together, are not counted`,
          name,
        );
        steps = 0;
        state = this.#leave(loop);
        break;
      }
      state = loop.body(state, steps++);
    }
    if (steps > 1) this.#warn(`loops of ${steps} steps are counted step by step`, name);
    loop.finish(state);
  }

  /** What steps replace is computed, even where the first step finds constants. */
  #enter({ name, initial, changes }: Loop): readonly string[] {
    return initial.map((key, part) => {
      if (!changes(part)) return key;
      const state = `${name}[]/${part}`;
      this.#add(state, LOOP_STATE, [key]);
      return `${state}:0`;
    });
  }

  #add(name: string, op: string, inputs: readonly string[]): void {
    this.#flat.add({ name, op, inputs, attributes: new Attributes([]), functions: [] });
  }

  /** A node that stands for all of a loop. */
  #leave({ name, initial }: Loop): readonly string[] {
    const whole = `${name}[]`;
    this.#open.set(whole, false);
    this.#add(whole, 'While', initial);
    return initial.map((_, slot) => `${whole}:${slot}`);
  }

  /** TensorFlow 2's: condition and body are functions of the state. */
  #functionLoop(node: TfNode): Loop {
    const { name, inputs, attributes } = node;
    const call = (attribute: string, prefix: string, state: readonly string[]) =>
      this.#flat.call(node, attributes.get(attribute)?.func?.name ?? '', prefix, state);
    return {
      name,
      prefix: name,
      initial: inputs,
      condition: (state, steps) => call('cond', `${name}[${steps}?]/`, state)[0] ?? '',
      body: (state, steps) => call('body', `${name}[${steps}]/`, state),
      changes: (part) => !this.#flat.isPassedOn(attributes.get('body')?.func?.name ?? '', part),
      finish: (state) => this.#alias(name, state),
    };
  }

  /**
   * TensorFlow 1's: each part of the state is an Enter, a Merge with what NextIteration hands back, a Switch by the
   * loop's one LoopCond, and an Exit; what a step only reads comes through an Enter of the same frame.
   */
  #frameLoop(exit: TfNode): Loop | undefined {
    const condition = this.#producer(this.#producer(exit.inputs[0])?.inputs[1]);
    if (condition?.op !== 'LoopCond') return undefined;
    const parts = this.#switchesOf(condition.name).flatMap((split) => {
      const merge = this.#producer(split.inputs[0]);
      const entry = merge?.inputs.find((key) => ENTERS.has(this.#producer(key)?.op ?? ''));
      const back = merge?.inputs.find((key) => key !== entry);
      const enter = this.#producer(entry);
      const next = this.#producer(back);
      return merge === undefined || enter === undefined || next === undefined
        ? []
        : [{ split, merge, enter, next }];
    });
    const frame = frameOf(parts[0]?.enter);
    const step = (wanted: readonly string[], prefix: string, state: readonly string[]) => {
      const known = new Map<string, string>();
      for (const [index, { split, merge }] of parts.entries())
        for (const key of [`${merge.name}:0`, `${split.name}:0`, `${split.name}:1`])
          known.set(key, state[index]!);
      return this.#copy(wanted, prefix, known, frame);
    };
    return {
      name: condition.name,
      prefix: frame,
      initial: parts.map(({ enter }) => enter.inputs[0] ?? ''),
      condition: (state, steps) =>
        step(condition.inputs.slice(0, 1), `${frame}[${steps}?]/`, state)[0] ?? '',
      body: (state, steps) =>
        step(
          parts.map(({ next }) => next.inputs[0] ?? ''),
          `${frame}[${steps}]/`,
          state,
        ),
      changes: (part) => {
        const { split, next } = parts[part]!;
        return !this.#isPassedOn(next.inputs[0] ?? '', split.name);
      },
      finish: (state) => {
        for (const node of [...this.#flat.nodes.values()]) {
          if (!EXITS.has(node.op)) continue;
          const index = parts.findIndex(({ split }) => node.inputs[0] === `${split.name}:0`);
          if (index >= 0) this.#flat.alias(`${node.name}:0`, state[index]!);
        }
      },
    };
  }

  /** Whether a result is just that of a node, by way of Identity. */
  #isPassedOn(result: string, origin: string): boolean {
    let key: string | undefined = result;
    for (let depth = 0; key !== undefined && depth < MAX_DEPTH; depth++) {
      const node = this.#producer(key);
      if (node?.name === origin) return true;
      key = this.#flat.aliases.get(key) ?? (node?.op === 'Identity' ? node.inputs[0] : undefined);
    }
    return false;
  }

  /** Copies what computes some results of a frame. @param known results that the copy takes from elsewhere */
  #copy(
    wanted: readonly string[],
    prefix: string,
    known: ReadonlyMap<string, string>,
    frame: string,
  ): readonly string[] {
    const copied = new Set<TfNode>();
    const pending: TfNode[] = [];
    const keyOf = (original: string): string => {
      let key = original;
      for (;;) {
        const node = this.#producer(key);
        const next =
          known.get(key) ??
          (node !== undefined && ENTERS.has(node.op) && frameOf(node) === frame
            ? node.inputs[0]
            : undefined);
        if (next !== undefined) return next;
        const target = this.#flat.aliases.get(key);
        if (target === undefined) {
          if (node === undefined) return key;
          if (!copied.has(node)) {
            copied.add(node);
            pending.push(node);
          }
          return prefix + key;
        }
        key = target;
      }
    };
    const results = wanted.map(keyOf);
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      const copy = { ...node, name: prefix + node.name, inputs: node.inputs.map(keyOf) };
      this.#flat.add(copy);
      if (SWITCHES.has(copy.op)) this.#switchesOf(nodeNameOf(copy.inputs[1] ?? '')).push(copy);
    }
    return results;
  }

  #producer(key: string | undefined): TfNode | undefined {
    return key === undefined ? undefined : this.#flat.nodeOf(key);
  }

  #switchesOf(condition: string): TfNode[] {
    if (this.#switches === undefined) {
      this.#switches = new Map();
      for (const node of [...this.#flat.nodes.values()])
        if (SWITCHES.has(node.op)) this.#switchesOf(nodeNameOf(node.inputs[1] ?? '')).push(node);
    }
    const found = this.#switches.get(condition) ?? [];
    this.#switches.set(condition, found);
    return found;
  }
}

function frameOf(enter: TfNode | undefined): string {
  const bytes = enter?.attributes.get('frame_name')?.s;
  return bytes ? new TextDecoder().decode(bytes) : 'loop';
}
