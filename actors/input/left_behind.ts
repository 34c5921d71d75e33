/**
 * Owns the question whether a file is what an earlier build made and nobody has touched since: no template is made for such,
 * as little as a glob means it. It knows of the build cache no more than which work made which artifact.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readRegular, readRegularText } from "../machine/regular_file.ts";

/** Where builds tell what they made: the cache, and what was added to it since. */
const TELLING = [".build_cache.json", ".build_cache.jsonl"];

/** An artifact as it stands there; strings are those of JSON. */
const ARTIFACT = /"(?:artifact_path|path)":("(?:[^"\\]|\\.)*")[^{}]*?"sha256":"([0-9a-f]{64})"/g;

/** The artifacts of one folder. */
export class LeftBehind {
  readonly #folder: string;
  #made: ReadonlyMap<string, ReadonlySet<string>> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Whether a file, relative to the folder, is one. */
  has(path: string): boolean {
    this.#made ??= madeIn(this.#folder);
    const digests = this.#made.get(path);
    if (digests === undefined) return false;
    try {
      return digests.has(createHash("sha256").update(readRegular(`${this.#folder}/${path}`)).digest("hex"));
    } catch {
      return false;
    }
  }
}

/** Path → digests of what was made there. */
function madeIn(folder: string): ReadonlyMap<string, ReadonlySet<string>> {
  const made = new Map<string, Set<string>>();
  for (const name of TELLING) {
    let text: string;
    try {
      text = readRegularText(`${folder}/${name}`);
    } catch {
      continue;
    }
    for (const [, quoted, sha256] of text.matchAll(ARTIFACT)) {
      const path: string = JSON.parse(quoted);
      const digests = made.get(path);
      if (digests === undefined) made.set(path, new Set([sha256]));
      else digests.add(sha256);
    }
  }
  return made;
}
