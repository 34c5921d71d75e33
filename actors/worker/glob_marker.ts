/**
 * Owns the note that a task with globs among its outputs is being done: what these matched before. Whoever does the task
 * again after a kill tells by it what the killed command has made, and only that is removed.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { sha256 } from "../../graph/digest.ts";
import { readRegularText } from "../machine/regular_file.ts";
import { removeIfPresent } from "../storage/artifact.ts";
import type { RunTask } from "./messages.ts";

/** The note of one task. */
export class GlobMarker {
  readonly #path: string;

  constructor({ name, outputs }: Pick<RunTask, "name" | "outputs">, folder: string) {
    this.#path = `${folder}/.troupe/globs/${sha256(JSON.stringify([name, outputs])).slice(0, 16)}`;
  }

  /** What the globs matched before an attempt that was killed; undefined when none was. */
  known(): ReadonlySet<string> | undefined {
    try {
      const known = JSON.parse(readRegularText(this.#path));
      return Array.isArray(known) ? new Set(known) : undefined;
    } catch {
      return undefined; // none was, or not even the note was whole
    }
  }

  /** Notes what they match now. */
  write(matches: readonly string[]): void {
    Deno.mkdirSync(dirname(this.#path), { recursive: true });
    const temporary = `${this.#path}.new`;
    Deno.writeTextFileSync(temporary, JSON.stringify(matches));
    Deno.renameSync(temporary, this.#path);
  }

  /** The attempt is over. */
  remove(): void {
    try {
      removeIfPresent(this.#path);
    } catch {
      // The next attempt finds only what matched before it, which is what lies there.
    }
  }
}
