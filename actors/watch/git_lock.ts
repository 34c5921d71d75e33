/**
 * Owns the question whether git is just changing the files of a folder: it has its index locked from the first file of a
 * checkout, merge or reset to the last. It runs no git.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { resolve } from "@std/path/posix/resolve";
import { pathIn } from "./folder_watch.ts";

/** A lock that has been there for longer was left behind by a git that was killed. */
const LONGEST_MS = 60_000;

/** The lock of the repository that a folder lies in. */
export class GitLock {
  /** Absent where there is no repository. */
  readonly #path: string | undefined;

  constructor(folder: string) {
    const git = gitFolder(folder);
    this.#path = git && pathIn(git, "index.lock");
  }

  get isHeld(): boolean {
    if (this.#path === undefined) return false;
    try {
      const { mtime } = Deno.statSync(this.#path);
      return Math.abs(Date.now() - (mtime?.getTime() ?? 0)) < LONGEST_MS;
    } catch {
      return false;
    }
  }
}

/** The nearest, here or above. In a further working tree a file says where it is. */
function gitFolder(folder: string): string | undefined {
  for (let at = folder;; at = dirname(at)) {
    try {
      const path = pathIn(at, ".git"), { isDirectory, isFile, size } = Deno.statSync(path);
      if (isDirectory) return path;
      const [, to] = isFile && size < 4096 ? /^gitdir: (.+)/.exec(Deno.readTextFileSync(path)) ?? [] : [];
      return to && resolve(at, to);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) || at === dirname(at)) return undefined;
    }
  }
}
