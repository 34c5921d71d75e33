/**
 * Owns the question whether the config's folder is still where it was when the build began. Whoever goes on in another one,
 * or makes it anew, builds where nobody looks.
 *
 * @module
 */
import type { TaskFailure } from "../../graph/failure.ts";
import { identityOf } from "../machine/regular_file.ts";

/** What is said of one that is gone. */
const MOVED = "it was moved or removed while the build went on";

/** The folder of one build. */
export class HomeFolder {
  readonly #path: string;
  readonly #identity: string;

  constructor(path: string) {
    this.#path = path;
    this.#identity = identityOf(path);
  }

  /** Why nothing more can be built in it, if it is not the folder any more that it was. */
  failure(): TaskFailure | undefined {
    if (identityOf(this.#path) === this.#identity) return undefined;
    return { kind: "moved", path: this.#path, detail: MOVED };
  }
}
