/**
 * Owns the suffixes of a task's line that declare something to the gates, and the walk over a suffix that is a list.
 * What stands in the other suffixes is task_file.ts's; it knows no lines.
 *
 * @module
 */
import type { Diagnostic } from "../failure.ts";
import { isExclusion, isPlainText, normaliseEntry } from "../paths.ts";
import { nearest } from "../suggest.ts";
import * as say from "./task_file_diagnostics.ts";
import { type Stretch, SUFFIX_WORDS, type SuffixWord } from "./task_file_diagnostics.ts";
import type { Declarations } from "../task.ts";

/** One `[word:value]` at the end of a line. */
export interface Suffix extends Stretch {
  readonly word: SuffixWord;
  readonly value: string;
  readonly valueStart: number;
}

export const SUFFIX = new RegExp(`^\\[\\s*(${SUFFIX_WORDS.join("|")})\\s*:([^\\]]*)\\]$`);

/** What ends a command as a suffix would, but for its word. */
const NEARLY_SUFFIX = /\[\s*(\w+)\s*:[^\][]*\]$/;

/** What other tools call `after`. */
const AFTER_ELSEWHERE = /^(?:needs|deps|depends|depends_on|dependencies)$/i;

const NO_DECLARATIONS: ReadonlySet<SuffixWord> = new Set(["after", "timeout", "grace", "retries"]);

const AMOUNT = /^(?:\d+\.?\d*|\.\d+)$/;

/** What `[reads:…]`, `[writes:…]`, `[resource:…]` and `[requires:…]` say. Each may be given several times. */
export function readDeclarations(suffixes: readonly Suffix[], diagnostics: Diagnostic[]): Declarations | undefined {
  if (suffixes.every(({ word }) => NO_DECLARATIONS.has(word))) return undefined;
  const reads = readPaths("reads", suffixes, diagnostics), writes = readPaths("writes", suffixes, diagnostics);
  const resources = readResources(suffixes, diagnostics);
  const requirements = readLabels(suffixes, diagnostics);
  return {
    ...(reads.length > 0 ? { reads } : {}),
    ...(writes.length > 0 ? { writes } : {}),
    ...(resources.size > 0 ? { resources: Object.fromEntries(resources) } : {}),
    ...(requirements.length > 0 ? { requirements } : {}),
  };
}

/** What a command ends with that was hardly meant for its end, and the suffix that was. */
export function nearlySuffixOf(command: string): { readonly text: string; readonly meant: string } | undefined {
  const [text, word] = NEARLY_SUFFIX.exec(command) ?? [];
  if (text === undefined) return undefined;
  const meant = AFTER_ELSEWHERE.test(word) ? "after" : nearest(word, SUFFIX_WORDS);
  return meant === undefined ? undefined : { text, meant: text.replace(word, meant) };
}

/** Visits what stands between the commas of all suffixes with a word, and its offset. */
export function forEachEntry(
  suffixes: readonly Suffix[],
  word: SuffixWord,
  visit: (entry: string, start: number, suffix: Suffix) => void,
): void {
  for (const suffix of suffixes) {
    if (suffix.word !== word) continue;
    let from = suffix.valueStart;
    for (const text of suffix.value.split(",")) {
      visit(text.trim(), from + text.length - text.trimStart().length, suffix);
      from += text.length + 1;
    }
  }
}

function readPaths(word: "reads" | "writes", suffixes: readonly Suffix[], diagnostics: Diagnostic[]): string[] {
  const paths: string[] = [];
  forEachEntry(suffixes, word, (entry, start, suffix) => {
    const path = normaliseEntry(entry);
    if (typeof path === "string" && !isExclusion(entry)) paths.push(path);
    else diagnostics.push(say.wrongSuffix(stretchOf(entry, start, suffix), word, entry));
  });
  return paths;
}

function readLabels(suffixes: readonly Suffix[], diagnostics: Diagnostic[]): string[] {
  const labels = new Set<string>();
  forEachEntry(suffixes, "requires", (entry, start, suffix) => {
    if (entry !== "" && isPlainText(entry)) labels.add(entry);
    else diagnostics.push(say.wrongSuffix(stretchOf(entry, start, suffix), "requires", entry));
  });
  return [...labels];
}

/** `name` or `name=amount`; of a name given twice the amounts add up. */
function readResources(suffixes: readonly Suffix[], diagnostics: Diagnostic[]): Map<string, number> {
  const amounts = new Map<string, number>();
  forEachEntry(suffixes, "resource", (entry, start, suffix) => {
    const equals = entry.indexOf("=");
    const name = (equals < 0 ? entry : entry.slice(0, equals)).trim();
    const text = equals < 0 ? "1" : entry.slice(equals + 1).trim();
    const amount = AMOUNT.test(text) ? Number(text) : 0;
    if (name !== "" && isPlainText(name) && amount > 0 && amount < Infinity) {
      amounts.set(name, (amounts.get(name) ?? 0) + amount);
    } else diagnostics.push(say.wrongSuffix(stretchOf(entry, start, suffix), "resource", entry));
  });
  return amounts;
}

function stretchOf(entry: string, start: number, suffix: Suffix): Stretch {
  return entry === "" ? suffix : { line: suffix.line, start, end: start + entry.length };
}
