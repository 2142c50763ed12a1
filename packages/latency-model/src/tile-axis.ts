/** One side of a convolution. */
export interface Axis {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  /** Multiple on which reads start. */
  readonly alignment: number;
}

/** What one tile reads and computes of an axis. */
export interface Span {
  /** First output position. */
  from: number;
  outputs: number;
  /** Input columns or rows read. */
  read: number;
  /** Output positions computed: the unit pads every tile on both sides, which yields junk. */
  written: number;
}

/** Zeros on both sides of an axis together. */
export const paddingOf = ({ input, output, kernel, stride }: Axis): number =>
  Math.max(0, (output - 1) * stride + kernel - input);

function spanOf(axis: Axis, from: number, to: number): Span {
  const { input, kernel, stride, alignment } = axis;
  const padding = paddingOf(axis);
  const before = Math.floor(padding / 2);
  const begin = from * stride - before;
  const end = Math.min(input, (to - 1) * stride + kernel - before);
  const outputs = to - from;
  const missing = Math.max(0, (to - 1) * stride + kernel - before - input);
  const junkAfter = Math.max(0, Math.floor((padding - before - missing) / stride));
  if (begin < 0) return { from, outputs, read: end, written: to + junkAfter };
  let early = begin % stride;
  while (early < begin && (begin - early) % alignment !== 0) early++;
  const junkBefore = Math.floor((early + before) / stride);
  return { from, outputs, read: end - begin + early, written: junkBefore + outputs + junkAfter };
}

/** Cuts an axis into tiles that compute what `tileInput` inputs allow at most, junk included; undefined if none does. */
export function cutAxis(axis: Axis, tileInput: number): Span[] | undefined {
  const { input, output, kernel, stride } = axis;
  const most = Math.floor((tileInput + paddingOf(axis) - kernel) / stride) + 1;
  if (most >= output) return [{ from: 0, outputs: output, read: input, written: output }];
  if (most < 1) return undefined;
  const spans: Span[] = [];
  let from = 0;
  while (from < output) {
    let to = Math.min(output, from + most);
    let span = spanOf(axis, from, to);
    while (span.written > most) {
      to--;
      if (to <= from) return undefined;
      span = spanOf(axis, from, to);
    }
    spans.push(span);
    from = to;
  }
  return spans;
}
