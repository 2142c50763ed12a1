import protobuf from 'protobufjs/minimal.js';

/** Text from UTF-8. What is not UTF-8 must not make one name of two: such bytes are written like `\xe9`. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string {
  const text = protobuf.util.utf8.read(bytes, start, end);
  return text.includes('\uFFFD') ? withEscapes(bytes.subarray(start, end)) : text;
}

function withEscapes(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) =>
      byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`,
    ).join('');
  }
}
