/**
 * Owns the rules for inputs that are known only once a task was done, as the headers that a compiler names in a dependency
 * file: what they add to a fingerprint, and which of the lists that were found before may be asked about. It looks at no
 * file.
 *
 * A task has two fingerprints then. The declared one is of all that the config says and of the files that it names; it
 * can be known before anything has run. Whoever keeps artifacts has for it the lists of files that were discovered so
 * far. Each of them, with the digests that those files have now, comes to a full fingerprint, and that names the artifact:
 *
 *     declared fingerprint ──► lists of paths ──► full fingerprint ──► artifact
 *
 * An artifact that is found so is the right one, since a command that was given the same inputs, and has read the same
 * of these files, reads no others; except that a file may be there by now which it would find before one of those, and
 * {@linkcode plausibleLists} passes over what that is known of.
 *
 * @module
 */
import { sha256 } from "./digest.ts";

/** Files that a task was found to read, in order, each once. */
export type DiscoveredPaths = readonly string[];

/** The fingerprint of work of which all inputs are known. Digests are whole, in the order of the paths. */
export function fullFingerprint(declared: string, paths: DiscoveredPaths, digests: readonly string[]): string {
  return sha256(JSON.stringify(["discovered", declared, paths, digests]));
}

/**
 * The lists, of those that were discovered for one declared fingerprint, by which its artifact may be looked up: the newest
 * first. `lists` are the oldest first; `last` is what was discovered when the task was last done, whatever it declared
 * then. A list is passed over when another one has a file in place of one of its own: of the same name, in another folder,
 * and still there.
 */
export function plausibleLists(
  lists: readonly DiscoveredPaths[],
  last: DiscoveredPaths | undefined,
  isThere: (path: string) => boolean,
): DiscoveredPaths[] {
  const all = last === undefined ? lists : [...lists, last];
  const sets = new Map(all.map((list) => [list, new Set(list)]));
  return lists.filter((list) => {
    const own = sets.get(list)!, names = new Set(list.map(nameOf));
    return all.every((other) =>
      other === list || other.every((path) => own.has(path) || !names.has(nameOf(path)) || !isThere(path))
    );
  }).reverse();
}

/** The machine that commands run on, as far as what they make depends on it. */
export interface Platform {
  /** E.g. `linux`. */
  readonly os: string;
  /** E.g. `x86_64`. */
  readonly arch: string;
}

/** The name of work in a store, which builds on other machines may use as well. */
export function storeKey(fingerprint: string, { os, arch }: Platform): string {
  return sha256(JSON.stringify(["store", os, arch, fingerprint]));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
