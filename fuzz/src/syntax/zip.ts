import type { Part } from '../part.ts';
import { binary, Cutter } from './binary.ts';

/** Numbers of 16 bits before the names of each kind of record (APPNOTE.TXT), by its signature. */
const RECORDS: ReadonlyMap<string, number> = new Map([
  ['PK\x03\x04', 13],
  ['PK\x01\x02', 21],
  ['PK\x05\x06', 9],
]);

/** Zips as records of numbers, each followed by names and contents. */
export const zip = binary((bytes) => {
  const cutter = new Cutter(bytes);
  const records: Part[] = [];
  while (cutter.left > 0) {
    const start = bytes.length - cutter.left;
    const signature = signatureAt(bytes, start);
    const count = RECORDS.get(signature) ?? 0;
    let end = start + 4 + 2 * count;
    while (end < bytes.length && !RECORDS.has(signatureAt(bytes, end))) end++;
    const parts = [cutter.bytes(4, 'signature')];
    // Each place has a label, so that numbers are exchanged for their like.
    for (let at = 0; at < count; at++) parts.push(cutter.number('u16', `${signature} ${at}`));
    if (end > bytes.length - cutter.left) {
      parts.push(cutter.bytes(end - (bytes.length - cutter.left), 'rest'));
    }
    records.push({ label: signature, kind: 'record', value: parts });
  }
  return records;
});

function signatureAt(bytes: Uint8Array, at: number): string {
  return Buffer.from(bytes.subarray(at, at + 4)).toString('latin1');
}
