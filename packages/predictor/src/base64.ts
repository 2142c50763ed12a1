/** Decodes standard base64, in browsers and in Node; undefined if it is none. */
export function decodeBase64(text: string): Uint8Array | undefined {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    return undefined;
  }
  // In a fresh process ten times as fast as a loop that is not compiled yet.
  if (typeof Buffer !== 'undefined') return Buffer.from(binary, 'latin1');
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

/** Bytes as standard base64, in browsers and in Node. */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
