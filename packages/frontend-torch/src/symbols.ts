import type { SymbolicInteger } from './program.ts';

/** Values of symbols; undefined where one is not known: it depends on data. */
export type Lookup = (symbol: string) => number | undefined;

/** Longest expression and deepest nesting that are evaluated; beyond, its hint has to do. */
const MAX_LENGTH = 10_000;
const MAX_DEPTH = 100;

type Operation = (...values: number[]) => number;

/** By their names in sympy and torch. */
const FUNCTIONS: Readonly<Record<string, Operation>> = {
  Add: (...values) => values.reduce((sum, value) => sum + value, 0),
  Mul: (...values) => values.reduce((product, value) => product * value, 1),
  Pow: (base, exponent) => base! ** exponent!,
  PowByNatural: (base, exponent) => base! ** exponent!,
  Max: Math.max,
  Min: Math.min,
  Mod: modulo,
  PythonMod: modulo,
  FloorDiv: (a, b) => Math.floor(a! / b!),
  CleanDiv: (a, b) => Math.floor(a! / b!),
  CeilDiv: (a, b) => Math.ceil(a! / b!),
  IntTrueDiv: (a, b) => a! / b!,
  FloatTrueDiv: (a, b) => a! / b!,
  Rational: (a, b) => a! / b!,
  Integer: (value) => value!,
  Float: (value) => value!,
  ToFloat: (value) => value!,
  FloorToInt: (value) => Math.floor(value!),
  CeilToInt: (value) => Math.ceil(value!),
  TruncToInt: (value) => Math.trunc(value!),
  RoundToInt: (value) => Math.round(value!),
  floor: (value) => Math.floor(value!),
  ceiling: (value) => Math.ceil(value!),
  Abs: (value) => Math.abs(value!),
};

const CONSTANTS: Readonly<Record<string, number>> = { oo: Number.POSITIVE_INFINITY };

function modulo(a = Number.NaN, b = Number.NaN): number {
  return a - b * Math.floor(a / b);
}

/** What is read from left to right: numbers, names, texts, operators. */
const TOKEN =
  /\s*(\d+\.?\d*(?:[eE][-+]?\d+)?|[A-Za-z_][\w.]*|'[^']*'|"[^"]*"|\*\*|\/\/|[-+*/%(),=])/y;

/**
 * The value of an expression as Python prints it (`2*s0 + 1`, torch 2.1 to 2.6) or as its constructors
 * (`Mul(Integer(2), Symbol('s17', integer=True))`); undefined if it has a symbol without a value or what is not known here.
 */
export function evaluate(expression: string, lookUp: Lookup): number | undefined {
  if (expression.length > MAX_LENGTH) return undefined;
  const tokens = tokenize(expression);
  if (tokens === undefined) return undefined;
  const value = new Evaluation(tokens, lookUp).run();
  return value === undefined || Number.isNaN(value) ? undefined : value;
}

/** The symbols in an expression. */
export function symbolsIn(expression: string): ReadonlySet<string> {
  const found = new Set<string>();
  evaluate(expression, (symbol) => {
    found.add(symbol);
    return 1;
  });
  return found;
}

function tokenize(expression: string): string[] | undefined {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let end = 0; expression.slice(end).trim() !== ''; end = TOKEN.lastIndex) {
    const found = TOKEN.exec(expression);
    if (found === null) return undefined;
    tokens.push(found[1]!);
  }
  return tokens;
}

/** How tightly operators bind. */
const BINDING: Readonly<Record<string, number>> = {
  '+': 1,
  '-': 1,
  '*': 2,
  '/': 2,
  '//': 2,
  '%': 2,
  '**': 4,
};
const SIGN_BINDING = 3;

/** By precedence; NaN stands for what is not known. */
class Evaluation {
  readonly #tokens: readonly string[];
  readonly #lookUp: Lookup;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly string[], lookUp: Lookup) {
    this.#tokens = tokens;
    this.#lookUp = lookUp;
  }

  run(): number | undefined {
    const value = this.#sum(0);
    return this.#at === this.#tokens.length ? value : undefined;
  }

  #sum(least: number): number {
    if (++this.#depth > MAX_DEPTH) return Number.NaN;
    let left = this.#operand();
    for (;;) {
      const operator = this.#tokens[this.#at] ?? '';
      const binding = BINDING[operator] ?? 0;
      if (binding === 0 || binding <= least) break;
      this.#at++;
      const right = this.#sum(operator === '**' ? binding - 1 : binding);
      left = apply(operator, left, right);
    }
    this.#depth--;
    return left;
  }

  #operand(): number {
    const token = this.#tokens[this.#at++] ?? '';
    if (token === '-') return -this.#sum(SIGN_BINDING);
    if (token === '+') return this.#sum(SIGN_BINDING);
    if (token === '(') {
      const value = this.#sum(0);
      return this.#tokens[this.#at++] === ')' ? value : Number.NaN;
    }
    if (/^\d/.test(token)) return Number(token);
    if (!/^\w/.test(token)) return Number.NaN;
    if (this.#tokens[this.#at] === '(') return this.#call(token);
    return CONSTANTS[token] ?? this.#lookUp(token) ?? Number.NaN;
  }

  #call(name: string): number {
    this.#at++;
    const values: number[] = [];
    let symbol: string | undefined;
    while (this.#at < this.#tokens.length && this.#tokens[this.#at] !== ')') {
      const token = this.#tokens[this.#at]!;
      if (token === ',') this.#at++;
      else if (this.#tokens[this.#at + 1] === '=') this.#at += 3;
      else if (/^['"]/.test(token)) {
        symbol ??= token.slice(1, -1);
        this.#at++;
      } else {
        const before = this.#at;
        values.push(this.#sum(0));
        if (this.#at === before) return Number.NaN;
      }
    }
    this.#at++;
    if (symbol === undefined) return FUNCTIONS[name]?.(...values) ?? Number.NaN;
    return name === 'Float' ? Number(symbol) : (this.#lookUp(symbol) ?? Number.NaN);
  }
}

function apply(operator: string, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '//':
      return Math.floor(a / b);
    case '%':
      return modulo(a, b);
    default:
      return a ** b;
  }
}

/** The value of a size; undefined if it depends on data, or on what cannot be evaluated. */
export function settle(size: SymbolicInteger, lookUp: Lookup): number | undefined {
  if (typeof size === 'number') return size;
  const value = evaluate(size.expression, lookUp);
  return value !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
