import { sha256 as digest } from 'js-sha256';

/** SHA-256 of a text in UTF-8, hex; that of browsers is kept from pages without https. */
export function sha256(text: string): string {
  return digest(text);
}
