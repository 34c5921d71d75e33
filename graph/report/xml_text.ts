/**
 * Owns what becomes of text that XML cannot hold.
 *
 * @module
 */
import { withoutEscapes } from "./printed_diagnostics.ts";

/** All that is no character of XML 1.0, not even as a reference: control characters, halves of pairs, U+FFFE and U+FFFF. */
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** The text with such characters made visible, as JSON would write them. */
export function xmlText(text: string): string {
  return text.replace(
    FORBIDDEN,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`,
  );
}

/** The same of what a command printed: colours, and what else moves a terminal, are left out. */
export function xmlOutput(text: string): string {
  return xmlText(withoutEscapes(text));
}
