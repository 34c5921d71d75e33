/**
 * Owns the question what a module imports, answered from its text.
 * It resolves nothing and reads no file.
 *
 * The lexer is made for JavaScript and reads TypeScript too, but for rare cases, in which the answer is guessed. A wrong
 * answer makes no stale artifact: a module may only load what was found here, so one that was missed fails loudly.
 *
 * @module
 */
import { parse } from "es-module-lexer/js";

/** Specifiers that are written out: of static imports and exports, of `import("…")`. */
const GUESS = /\b(?:from|import)\s*\(?\s*(["'])((?:(?!\1)[^\\\n])+)\1/g;

/** The specifiers in a module's text, each once, as they are written. One that is computed is not among them. */
export function importsOf(text: string): string[] {
  const found = new Set<string>();
  try {
    const [imports] = parse(text);
    for (const { n: specifier } of imports) if (specifier !== undefined) found.add(specifier);
  } catch {
    for (const [, , specifier] of text.matchAll(GUESS)) found.add(specifier);
  }
  return [...found];
}
