/**
 * Owns the looks by which it is known that everything is as it was: at files, folders and variables. It reads no file.
 *
 * @module
 */
import { isOwnFile } from "../../graph/own_files.ts";
import { CHANGED, type Look, LOOKS, type State, WORDS } from "./state.ts";

/** Variables that change what is said or found, beside those that commands name. */
const VARIABLES = ["CI", "TERM", "NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS", "GITLAB_CI", "HOME"];

/** The names of the variables that are troupe's own, as far as they are set. */
export function ownVariables(environment: Readonly<Record<string, string>>): string[] {
  return Object.keys(environment).filter((name) => name.startsWith("TROUPE_"));
}

/** The names of all variables that an answer hangs on. */
export function variablesLookedAt(environment: Readonly<Record<string, string>>, named: Iterable<string>): string[] {
  return [...new Set([...VARIABLES, ...ownVariables(environment), ...named])].sort();
}

/**
 * Looks at a path and puts what it sees into the words from an index on; answers whether that could be compared at all.
 * A folder's entries count as one word, which is 0 unless they are asked for.
 */
export function lookAtPath(path: string, look: Look, words: Float64Array, at: number): boolean {
  let info: Deno.FileInfo;
  try {
    info = look === "itself" || look === "nothing" ? Deno.lstatSync(path) : Deno.statSync(path);
  } catch (error) {
    return look === "nothing" && (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory);
  }
  if (look === "nothing") return false;
  words[at] = info.dev;
  words[at + 1] = info.ino ?? 0;
  words[at + 2] = info.mode ?? 0;
  if (look === "place") {
    words[at + 3] = info.uid ?? 0;
    return info.isDirectory;
  }
  words[at + 3] = info.size;
  words[at + 4] = info.mtime?.getTime() ?? 0;
  words[at + CHANGED] = info.ctime?.getTime() ?? 0;
  return look !== "entries" || info.isDirectory;
}

/** What the entries of a folder come to, troupe's own files left out, which every build makes. */
export function entriesOf(folder: string): number {
  const entries: string[] = [];
  for (const { name, isDirectory, isSymlink } of Deno.readDirSync(folder)) {
    if (!isOwnFile(name)) entries.push(`${name}/${isSymlink ? "l" : isDirectory ? "d" : "f"}`);
  }
  // Of 53 bits, which a word holds.
  let a = 0x811c9dc5, b = entries.length;
  for (const entry of entries.sort()) {
    for (let at = 0; at < entry.length; at++) {
      a = Math.imul(a ^ entry.charCodeAt(at), 0x01000193);
      b = (Math.imul(b, 31) + a) | 0;
    }
  }
  return (a >>> 0) * 2 ** 21 + (b >>> 11);
}

/** Whether all is as it was. */
export function isAsBefore({ folder, looks, words }: State): boolean {
  const now = new Float64Array(WORDS);
  let at = 0;
  for (const look of LOOKS) {
    for (const name of looks[look]) {
      const path = name.startsWith("/") ? name : `${folder}/${name}`;
      now.fill(0);
      if (!lookAtPath(path, look, now, 0)) return false;
      const isSame = areSame(now, words, at, WORDS - 1);
      if (!isSame && !(look === "entries" && areSame(now, words, at, 1) && entriesOf(path) === words[at + WORDS - 1])) {
        return false;
      }
      at += WORDS;
    }
  }
  return at === words.length;
}

function areSame(now: Float64Array, before: Float64Array, at: number, count: number): boolean {
  for (let word = 0; word < count; word++) if (now[word] !== before[at + word]) return false;
  return true;
}
