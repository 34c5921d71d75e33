/**
 * Owns base64, as older versions of Deno have it too.
 *
 * @module
 */

/** So many bytes are turned at once. */
const CHUNK = 0x2000;

/** Bytes as base64. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
}

/**
 * The bytes of a text in base64.
 *
 * @throws For a text that is none.
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
