import { type AssumedSize, type Assumptions, NnMeterError, quote, type Shape } from '@nnmeter/ir';
import type { SymbolicInteger, TensorSource } from './program.ts';
import { evaluate, settle, symbolsIn } from './symbols.ts';

/** What torch calls the symbols of sizes that no input has. */
const UNBACKED = /^_?u\d+$/;

/** An input of the model. */
export interface Fed {
  readonly name: string;
  readonly tensor: TensorSource;
}

/**
 * The symbols of a program: by the shapes given for its inputs, else as they were when it was exported; those that only
 * data decide by assumption.
 */
export class Sizes {
  readonly #symbols = new Map<string, number>();
  /** Whether a size differs from what it was at the export, so that hints are no longer true. */
  #isChanged = false;
  readonly #known = new Map<string, number | undefined>();
  readonly #assumptions: Assumptions;
  readonly warnings: string[] = [];

  /** @throws NnMeterError E_INVALID_INPUT if given shapes do not fit the inputs or each other */
  constructor(inputs: readonly Fed[], given: ReadonlyMap<string, Shape>, assumptions: Assumptions) {
    this.#assumptions = assumptions;
    for (const { name, tensor } of inputs) {
      const shape = given.get(name);
      if (shape !== undefined) this.#bind(name, tensor.sizes, shape);
    }
    const open: string[] = [];
    for (const { name, tensor } of inputs) {
      if (given.has(name)) continue;
      const { sizes } = tensor;
      this.#bind(
        name,
        sizes,
        sizes.map((size) => (typeof size === 'number' ? size : this.#exported(size))),
      );
      if (sizes.some((size) => typeof size !== 'number')) open.push(name);
    }
    if (open.length === 0) return;
    const taken = open.map((name) => {
      const { sizes } = inputs.find((input) => input.name === name)!.tensor;
      return `${quote(name)} as [${sizes.map((size) => this.of(size) ?? '?').join(', ')}]`;
    });
    this.warnings.push(
      `sizes of the inputs are open and taken as at the export: ${taken.join(', ')}; give the inputs' shapes for others`,
    );
  }

  /** The value of a size, if it is known. */
  of(size: SymbolicInteger): number | undefined {
    if (typeof size === 'number') return size;
    const { expression } = size;
    if (!this.#known.has(expression)) {
      this.#known.set(
        expression,
        settle(size, (symbol) => this.#symbols.get(symbol)),
      );
    }
    return this.#known.get(expression) ?? (this.#isChanged ? undefined : size.hint);
  }

  /** Gives the symbols that these sizes are the first to have, as they depend on data, an assumed value. */
  assume(sizes: readonly SymbolicInteger[], name: AssumedSize, atMost: number | undefined): void {
    for (const size of sizes) {
      if (this.of(size) !== undefined || typeof size === 'number') continue;
      for (const symbol of symbolsIn(size.expression)) {
        if (!UNBACKED.test(symbol) || this.#symbols.has(symbol)) continue;
        this.#symbols.set(symbol, this.#assumptions.size(name, atMost));
        this.#known.clear();
      }
    }
  }

  shape(sizes: readonly SymbolicInteger[]): Shape | undefined {
    const shape: number[] = [];
    for (const size of sizes) {
      const value = this.of(size);
      if (value === undefined) return undefined;
      shape.push(value);
    }
    return shape;
  }

  #exported(size: Exclude<SymbolicInteger, number>): number | undefined {
    return settle(size, (symbol) => this.#symbols.get(symbol)) ?? size.hint;
  }

  /** Finds symbols such that the sizes are these extents. */
  #bind(
    input: string,
    sizes: readonly SymbolicInteger[],
    shape: readonly (number | undefined)[],
  ): void {
    if (shape.length !== sizes.length) {
      throw new NnMeterError(
        'E_INVALID_INPUT',
        `the shape [${shape.join(', ')}] given for input ${quote(input)} has ${shape.length} axes, the model's has ${sizes.length}`,
        { where: { input } },
      );
    }
    sizes.forEach((size, axis) => {
      const extent = shape[axis];
      if (typeof size === 'number' || extent === undefined) return;
      if (extent !== size.hint) this.#isChanged = true;
      const open = [...symbolsIn(size.expression)].filter((symbol) => !this.#symbols.has(symbol));
      const [symbol] = open;
      if (symbol !== undefined && open.length === 1) this.#solve(size.expression, symbol, extent);
      const value = settle(size, (name) => this.#symbols.get(name));
      if (value === undefined || value === extent) return;
      const others = open.length === 0 ? `, which is ${value} by the other sizes` : '';
      throw new NnMeterError(
        'E_INVALID_INPUT',
        `the size ${extent} of axis ${axis} of input ${quote(input)} does not fit: the model says that it is ${readable(size.expression)}${others}`,
        { where: { input } },
      );
    });
  }

  /** Expressions of inputs are linear: `s0`, `2*s0`, `32*s1 + 1`. */
  #solve(expression: string, symbol: string, extent: number): void {
    const at = (value: number) =>
      evaluate(expression, (name) => (name === symbol ? value : this.#symbols.get(name)));
    const [start, next] = [at(0), at(1)];
    if (start === undefined || next === undefined || next === start) return;
    this.#symbols.set(symbol, Math.floor((extent - start) / (next - start)));
  }
}

/** `Mul(Integer(2), Symbol('s85', integer=True))` as `Mul(2, s85)`. */
function readable(expression: string): string {
  return expression.replace(/Symbol\('([^']*)'[^)]*\)/g, '$1').replace(/Integer\((-?\d+)\)/g, '$1');
}
