/**
 * Owns the looking at a crew again and again: whether there is a database yet, whether it is still the same one, and what
 * it says. It writes nothing, and makes no database.
 *
 * @module
 */
import type { Snapshot } from "../../graph/crew/snapshot.ts";
import { DatabaseError } from "../storage/database_error.ts";
import { Monitor } from "./monitor.ts";
import type { StoreOptions } from "./store/records.ts";

/** A place where a crew is, or will be. */
export class CrewWatcher implements Disposable {
  readonly #path: string;
  readonly #options: StoreOptions;
  #monitor: Monitor | undefined;

  constructor(path: string, options: StoreOptions = {}) {
    this.#path = path;
    this.#options = options;
  }

  /**
   * What there is to see now.
   *
   * @throws {DatabaseError} When there is something that will not become a crew's database by waiting.
   */
  async look(): Promise<Snapshot> {
    const isNew = this.#monitor === undefined;
    try {
      this.#monitor ??= await Monitor.open(this.#path, this.#options);
      return await this.#monitor.getOverview();
    } catch (error) {
      this.close();
      if (!(error instanceof DatabaseError)) throw error;
      // One that was removed or replaced since the last look: there may be another
      if (error.kind === "removed" && !isNew) return await this.look();
      if (error.kind === "missing" || error.kind === "locked") return { waiting: error.message };
      throw error;
    }
  }

  close(): void {
    this.#monitor?.close();
    this.#monitor = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
