/**
 * Owns turning a config's text into a JSON value, or into the one diagnostic that says why not.
 * It knows nothing of tasks. Plain JSON is what nearly every build reads, so JSON.parse goes first; @std/jsonc, fifteen
 * times slower and a millisecond to load, only sees what JSON.parse refuses.
 *
 * @module
 */
import type { Diagnostic } from "../failure.ts";
import { repeatedKeys } from "../json_keys.ts";
import { invalidJson, repeatedKey } from "../diagnostics.ts";
import { Source } from "./source.ts";
import { escapeControls } from "../text.ts";

const BOM = "\ufeff";

/** A parsed value, with the diagnostics that its text holds all the same, or the one for which it cannot be parsed. */
export type JsonText =
  | { readonly value: unknown; readonly diagnostics: readonly Diagnostic[] }
  | { readonly diagnostic: Diagnostic };

/** Where and why a text is not JSON, in offsets of that text. */
interface Complaint {
  readonly offset: number;
  readonly detail: string;
}

/** Reads JSON with comments and trailing commas. */
export async function parseJsonText(text: string): Promise<JsonText> {
  const shift = text.startsWith(BOM) ? 1 : 0;
  const json = shift ? text.slice(1) : text;
  try {
    return parsed(JSON.parse(json), text);
  } catch (strict) {
    const { parse } = await import("@std/jsonc");
    try {
      return parsed(parse(json), text);
    } catch (lenient) {
      const { offset, detail } = complaint(json, strict as Error, lenient as Error);
      const where = new Source("", text).position(offset + shift);
      return { diagnostic: invalidJson(escapeControls(detail), { ...where, offset: offset + shift }) };
    }
  }
}

function parsed(value: unknown, text: string): JsonText {
  return { value, diagnostics: repeatedKeys(text).map(repeatedKey) };
}

/**
 * The better of two complaints. V8's says more, but V8 stops at the first comment or trailing comma: it counts only where
 * both parsers stumble over the same token.
 */
function complaint(text: string, strict: Error, lenient: Error): Complaint {
  if (/^Unexpected end\b/.test(strict.message)) return { offset: text.length, detail: "Unexpected end of JSON input" };
  const v8 = v8Complaint(strict.message);
  // The lenient parser recurses, so thousands of nested brackets overflow its stack.
  if (lenient instanceof RangeError) return { offset: v8.offset ?? 0, detail: "Nested too deeply" };

  const token = / at position (\d+)$/.exec(lenient.message);
  if (!token) return { offset: text.length, detail: "Unexpected end of JSON input" };
  const start = Number(token[1]);
  const end = tokenEnd(text, start);
  if (v8.offset === undefined) {
    if (v8.character !== undefined && text.startsWith(v8.character, start)) return { offset: start, detail: v8.detail };
  } else if (v8.offset >= start && v8.offset <= end) {
    return { offset: v8.offset, detail: v8.detail };
  }
  if (text[start] === '"') {
    const inside = stringComplaint(text.slice(start, end));
    if (inside) return { offset: start + inside.offset, detail: inside.detail };
  }
  const detail = lenient.message.replace("Cannot parse JSONC: unexpected", "Unexpected");
  return { offset: start, detail: detail.replace(/ in JSONC at position \d+$/, "") };
}

/** V8 gives the position of some complaints, the character of others, and quotes the text around it, lines and all. */
function v8Complaint(message: string): { offset?: number; character?: string; detail: string } {
  const placed = /^(.*) at position (\d+)(?: \(line \d+ column \d+\))?$/s.exec(message);
  if (placed) return { offset: Number(placed[2]), detail: placed[1] };
  const token = /^Unexpected token '(.+?)', /su.exec(message);
  return token ? { character: token[1], detail: `Unexpected token '${token[1]}'` } : { detail: message };
}

/** What is wrong inside one string. */
function stringComplaint(token: string): Complaint | undefined {
  try {
    JSON.parse(token);
  } catch (error) {
    const { offset, detail } = v8Complaint((error as Error).message);
    if (offset !== undefined) return { offset, detail };
  }
  return undefined;
}

/** The end of the token that starts here, by the rules of the lenient parser. */
function tokenEnd(text: string, start: number): number {
  if ("{}[]:,".includes(text[start])) return start;
  let at = start + 1;
  if (text[start] === '"') {
    while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    return Math.min(at + 1, text.length);
  }
  while (at < text.length && !/[\s{}[\]:,/]/.test(text[at])) at++;
  return at;
}
