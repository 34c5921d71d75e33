/**
 * Owns the looking at a crew again and again: whether there is a database yet, whether it is still the same one, and what
 * it says. It writes nothing, and makes no database.
 *
 * @module
 */
import { resolve } from "@std/path/posix/resolve";
import type { Sight } from "../../graph/crew/sight.ts";
import { DatabaseError } from "../database_error.ts";
import { Monitor } from "./monitor.ts";
import type { StoreOptions } from "./view.ts";

/** A place where a crew is, or will be. */
export class Lookout implements Disposable {
  readonly #path: string;
  readonly #absolute: string;
  readonly #options: StoreOptions;
  #open: { readonly monitor: Monitor; readonly identity: string } | undefined;

  constructor(path: string, options: StoreOptions = {}) {
    this.#path = path;
    this.#absolute = resolve(path);
    this.#options = options;
  }

  /**
   * What there is to see now.
   *
   * @throws {DatabaseError} When there is something that will not become a crew's database by waiting.
   */
  async look(): Promise<Sight> {
    // One that was removed can be read on for ever, and nothing in it would change
    if (this.#open !== undefined && this.#open.identity !== this.#identity()) this.close();
    try {
      this.#open ??= { identity: this.#identity(), monitor: await Monitor.open(this.#path, this.#options) };
      return await this.#open.monitor.getOverview();
    } catch (error) {
      this.close();
      if (error instanceof DatabaseError && (error.kind === "missing" || error.kind === "locked")) {
        return { waiting: error.message };
      }
      throw error;
    }
  }

  close(): void {
    this.#open?.monitor.close();
    this.#open = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #identity(): string {
    try {
      const { dev, ino } = Deno.statSync(this.#absolute);
      return `${dev}:${ino}`;
    } catch {
      return "";
    }
  }
}
