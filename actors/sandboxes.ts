/**
 * Owns the sandboxes that one worker keeps at hand, so that tasks with the same rights need not wait for a new one.
 *
 * @module
 */
import { keyOf } from "./guards.ts";
import { type Connect, Sandbox } from "./sandbox.ts";
import type { Rights } from "./sandbox_messages.ts";

/** Rights differ by module; more modules in turn than this start sandboxes anew. */
const MOST_KEPT = 4;

/** The sandboxes of one worker. */
export class Sandboxes implements Disposable {
  readonly #connect: Connect;
  /** By their rights, the one used last at the end. */
  readonly #kept = new Map<string, Sandbox>();

  constructor(connect: Connect) {
    this.#connect = connect;
  }

  /** A sandbox with exactly these rights. */
  get(rights: Rights): Sandbox {
    const key = keyOf(rights);
    let sandbox = this.#kept.get(key);
    this.#kept.delete(key);
    if (sandbox === undefined || !sandbox.isOpen) sandbox = new Sandbox(rights, this.#connect);
    this.#kept.set(key, sandbox);
    if (this.#kept.size > MOST_KEPT) {
      const [oldest, unused] = this.#kept.entries().next().value!;
      unused[Symbol.dispose]();
      this.#kept.delete(oldest);
    }
    return sandbox;
  }

  /** Ends all of them. */
  [Symbol.dispose](): void {
    for (const sandbox of this.#kept.values()) sandbox[Symbol.dispose]();
    this.#kept.clear();
  }
}
