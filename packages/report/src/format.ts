/** Milliseconds with the digits that matter: 216.19, 0.0123. */
export function formatMs(ms: number): string {
  if (ms >= 1 || ms === 0) return ms.toFixed(2);
  return ms >= 0.001 ? ms.toPrecision(3) : ms.toExponential(2);
}

const COUNT_UNITS = ['', ' k', ' M', ' G', ' T'];

/** A count with three digits and the prefix of its thousands: 11.7 M; digits below 1000 are all kept. */
export function formatCount(count: number): string {
  const power = Math.min(COUNT_UNITS.length - 1, thousands(count));
  const scaled = count / 1000 ** power;
  return power === 0
    ? String(count)
    : `${scaled >= 1000 ? scaled.toFixed(0) : scaled.toPrecision(3)}${COUNT_UNITS[power]}`;
}

/** A number of bytes in units of 1000: 46.8 MB, 512 B. */
export function formatBytes(bytes: number): string {
  const text = formatCount(bytes);
  return text.includes(' ') ? `${text}B` : `${text} B`;
}

/** How often a count can be divided by 1000 until three digits of it are less. */
function thousands(count: number): number {
  let power = 0;
  for (let rest = count; rest >= 999.5; rest /= 1000) power++;
  return power;
}

/** A fraction of 1 as a percentage; only the exact whole shows as 100 %. */
export function formatShare(share: number): string {
  const percent = share * 100;
  return `${(share < 1 ? Math.min(percent, 99.9) : percent).toFixed(1)} %`;
}

/** [1, 56, 56, 64] -> 1x56x56x64; no dimensions at all -> scalar. */
export function formatShape(shape: readonly number[]): string {
  return shape.length === 0 ? 'scalar' : shape.join('x');
}

/** Cuts a piece out of a long text, so that it takes at most `width` columns; the end tells names apart best. */
export function shortenMiddle(text: string, width: number): string {
  if (text.length <= width) return text;
  const tail = Math.floor(((width - 1) * 2) / 3);
  return `${text.slice(0, width - 1 - tail)}…${tail > 0 ? text.slice(-tail) : ''}`;
}

/** Text from a file, made safe for a terminal: control characters (colours, cursor moves, newlines) become "?". */
export function printable(text: string): string {
  return text.replace(/\p{Cc}|\p{Cf}/gu, '?');
}

/** Breaks a text into lines of at most `width` columns, between words where that is possible. */
export function wrap(text: string, width: number): readonly string[] {
  const lines = text.matchAll(new RegExp(`(.{1,${width}})(?:\\s+|$)|(.{${width}})`, 'gu'));
  return Array.from(lines, ([, words, piece]) => words ?? piece ?? '');
}

/** Seconds to go, about: `14 s`, `3 min`. */
export function formatTimeLeft(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 100 ? `${whole} s` : `${Math.round(whole / 60)} min`;
}
