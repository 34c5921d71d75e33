/**
 * Owns the looks by which it is known that everything is as it was: at files, folders and variables. It reads no file.
 *
 * @module
 */
import { isOwnFile } from "../../graph/own_files.ts";
import { type Look, LOOKS, type State, Word, WORDS } from "./state.ts";
import { openStatx, STATX, type Statx } from "./statx.ts";

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

/** Looks at paths from one folder on. */
export class Looker implements Disposable {
  readonly #folder: string;
  readonly #system: ReturnType<typeof openStatx>;
  readonly #statx: Statx | undefined;
  readonly #decoder = new TextDecoder();

  /** `isPortable` keeps it from asking the system itself. */
  constructor(folder: string, { isPortable = false } = {}) {
    this.#folder = folder;
    this.#system = isPortable ? undefined : openStatx(folder);
    this.#statx = this.#system?.statx;
  }

  /** Whether it tells times to the nanosecond; what was seen by one that does is not compared with what others see. */
  get isExact(): boolean {
    return this.#statx !== undefined;
  }

  /** Puts what it sees of a path into words, from an index on; answers whether that can be compared. */
  look(path: Uint8Array<ArrayBuffer>, look: Look, words: Uint32Array, at: number): boolean {
    if (look === "nothing") return this.#isNothing(path);
    const follows = look !== "itself";
    const isThere = this.#statx === undefined
      ? this.#ask(path, follows, words, at)
      : this.#statx(path, follows) === 0 && fill(words, at);
    if (!isThere || look === "itself" || look === "target") return isThere;
    // Who owns a folder counts only for the place itself, and its times only for what is in it.
    words.fill(0, at + (look === "place" ? Word.Size : Word.User), at + (look === "place" ? WORDS : Word.Size));
    return (words[at + Word.Mode] & 0o170000) === 0o040000;
  }

  /** What the entries of a folder come to, troupe's own files left out, which every build makes. */
  entries(path: Uint8Array<ArrayBuffer>, words: Uint32Array, at: number): void {
    const entries: string[] = [];
    for (const { name, isDirectory, isSymlink } of Deno.readDirSync(this.#path(path))) {
      if (!isOwnFile(name)) entries.push(`${name}/${isSymlink ? "l" : isDirectory ? "d" : "f"}`);
    }
    let a = 0x811c9dc5, b = entries.length;
    for (const entry of entries.sort()) {
      for (let index = 0; index < entry.length; index++) {
        a = Math.imul(a ^ entry.charCodeAt(index), 0x01000193);
        b = (Math.imul(b, 31) + a) | 0;
      }
    }
    words[at + Word.Entries] = a;
    words[at + Word.Entries + 1] = b;
  }

  [Symbol.dispose](): void {
    this.#system?.close();
  }

  #path(path: Uint8Array<ArrayBuffer>): string {
    const text = this.#decoder.decode(path.subarray(0, path.indexOf(0)));
    return text.startsWith("/") ? text : `${this.#folder}/${text}`;
  }

  #isNothing(path: Uint8Array<ArrayBuffer>): boolean {
    try {
      Deno.lstatSync(this.#path(path));
      return false;
    } catch (error) {
      return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
    }
  }

  #ask(path: Uint8Array<ArrayBuffer>, follows: boolean, words: Uint32Array, at: number): boolean {
    let info: Deno.FileInfo;
    try {
      info = follows ? Deno.statSync(this.#path(path)) : Deno.lstatSync(this.#path(path));
    } catch {
      return false;
    }
    const mtimeMs = info.mtime?.getTime() ?? 0, ctimeMs = info.ctime?.getTime() ?? 0, inode = info.ino ?? 0;
    words[at + Word.Device] = info.dev;
    words[at + Word.Inode] = inode;
    words[at + Word.Inode + 1] = inode / 2 ** 32;
    words[at + Word.Mode] = info.mode ?? 0;
    words[at + Word.User] = info.uid ?? 0;
    words[at + Word.Size] = info.size;
    words[at + Word.Size + 1] = info.size / 2 ** 32;
    words[at + Word.Edited] = mtimeMs / 1000;
    words[at + Word.Edited + 1] = mtimeMs % 1000;
    words[at + Word.Changed] = ctimeMs / 1000;
    words[at + Word.Changed + 1] = ctimeMs % 1000;
    return true;
  }
}

/** What `statx` has seen. */
function fill(words: Uint32Array, at: number): boolean {
  words[at + Word.Device] = STATX[34];
  words[at + Word.Device + 1] = STATX[35];
  words[at + Word.Inode] = STATX[8];
  words[at + Word.Inode + 1] = STATX[9];
  words[at + Word.Mode] = STATX[7] & 0xffff;
  words[at + Word.User] = STATX[5];
  words[at + Word.Size] = STATX[10];
  words[at + Word.Size + 1] = STATX[11];
  words[at + Word.Edited] = STATX[28];
  words[at + Word.Edited + 1] = STATX[30];
  words[at + Word.Changed] = STATX[24];
  words[at + Word.Changed + 1] = STATX[26];
  return true;
}

/** Whether all is as it was. */
export function isAsBefore({ folder, isExact, counts, paths, words }: State): boolean {
  using looker = new Looker(folder, { isPortable: !isExact });
  if (looker.isExact !== isExact) return false;
  const now = new Uint32Array(WORDS);
  let at = 0, start = 0;
  for (const look of LOOKS) {
    for (let left = counts[look]; left > 0; left--, at += WORDS) {
      const path = paths.subarray(start);
      start = paths.indexOf(0, start) + 1;
      if (!looker.look(path, look, now, 0)) return false;
      if (look === "nothing" || areSame(now, words, at, Word.Entries)) continue;
      if (look !== "entries") return false;
      looker.entries(path, now, 0);
      for (let word = Word.Entries; word < WORDS; word++) if (now[word] !== words[at + word]) return false;
    }
  }
  return at === words.length && start === paths.length;
}

function areSame(now: Uint32Array, before: Uint32Array, at: number, count: number): boolean {
  for (let word = 0; word < count; word++) if (now[word] !== before[at + word]) return false;
  return true;
}
