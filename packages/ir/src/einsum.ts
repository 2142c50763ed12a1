import { NnMeterError, quote } from './errors.ts';
import { broadcastAll } from './shape-rules.ts';
import type { Shape } from './tensor.ts';

/** An Einsum's indices with their extents. */
export interface EinsumPlan {
  /** Extent of every index letter. */
  readonly extents: ReadonlyMap<string, number>;
  /** Extents behind `...`, broadcast. */
  readonly ellipsis: Shape;
  readonly outputShape: Shape;
}

/**
 * Works out an Einsum such as `bhid,bhjd->bhij`, with or without `...` and the part after the arrow. As in NumPy, an
 * index of extent 1 in one operand is broadcast to its extent in another.
 * @throws NnMeterError E_SHAPE if equation and shapes do not fit.
 */
export function planEinsum(equation: string, shapes: readonly Shape[]): EinsumPlan {
  const fail = (what: string): NnMeterError =>
    new NnMeterError('E_SHAPE', `einsum ${quote(equation)}: ${what}`);
  const [left = '', right] = equation.replace(/\s/g, '').split('->');
  const terms = left.split(',');
  if (!/^[A-Za-z.,]*$/.test(left) || terms.length !== shapes.length) {
    throw fail(`${terms.length} terms for ${shapes.length} operands`);
  }
  const extents = new Map<string, number>();
  const uses = new Map<string, number>();
  const broadcast: Shape[] = [];
  terms.forEach((term, operand) => {
    const shape = shapes[operand]!;
    const [before = '', after] = term.split('...');
    const hidden = shape.length - before.length - (after?.length ?? 0);
    if (hidden < 0 || (after === undefined && hidden > 0)) {
      throw fail(`term ${quote(term)} does not fit the shape [${shape.join(', ')}]`);
    }
    const letters = [...before, ...new Array<string>(hidden).fill(''), ...(after ?? '')];
    letters.forEach((letter, axis) => {
      if (letter === '') return;
      const extent = shape[axis]!;
      const known = extents.get(letter) ?? 1;
      if (known !== 1 && extent !== 1 && known !== extent) {
        throw fail(`index ${letter} is both ${known} and ${extent}`);
      }
      extents.set(letter, known === 1 ? extent : known);
      uses.set(letter, (uses.get(letter) ?? 0) + 1);
    });
    broadcast.push(shape.slice(before.length, before.length + hidden));
  });
  const ellipsis = broadcastAll(broadcast);
  const once = [...extents.keys()].filter((letter) => uses.get(letter) === 1).sort();
  const output = right ?? `...${once.join('')}`;
  const [before = '', after] = output.split('...');
  const extentOf = (letter: string): number => {
    const extent = extents.get(letter);
    if (extent === undefined) throw fail(`index ${letter} of the result is in no operand`);
    return extent;
  };
  return {
    extents,
    ellipsis,
    outputShape: [
      ...[...before].map(extentOf),
      ...(after === undefined ? [] : ellipsis),
      ...[...(after ?? '')].map(extentOf),
    ],
  };
}
