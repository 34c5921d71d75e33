/**
 * Owns the view that a program has of a build or a run that goes on: where each task stands, by name, on any thread. It
 * reads shared memory and asks nobody.
 *
 * @module
 */
import { type Status, STATUSES } from "../../graph/schedule/event.ts";
import { nearest } from "../../graph/suggest.ts";
import { StatusTable } from "../worker/status_table.ts";
import { quote } from "../../graph/text.ts";

/** What a thread is sent so that it can read where tasks stand. */
export interface SharedStatus {
  /** Names of the tasks. */
  readonly names: readonly string[];
  /** A word for each. */
  readonly table: SharedArrayBuffer;
}

/**
 * Where the tasks of a build or a run stand while it goes on, and how they ended. It may be read at any time, also on other
 * threads: these are sent `shared`. A task whose function leaves an error that comes late is still `completed` here.
 *
 * @example
 * ```ts
 * import { build, type BuildStatus } from "./mod.ts";
 *
 * async function watch(status: BuildStatus): Promise<void> {
 *   console.log("sitemap", status.of("sitemap"), await status.settled("sitemap"));
 * }
 * await build("fixtures/site/build.json", { onStatus: watch }); // sitemap pending completed
 * ```
 */
export class BuildStatus {
  /** To be sent to other threads. */
  readonly shared: SharedStatus;
  readonly #table: StatusTable;
  #indexes: ReadonlyMap<string, number> | undefined;

  /** Takes what another one has shared. */
  constructor(shared: SharedStatus) {
    this.shared = shared;
    this.#table = new StatusTable(shared.table);
  }

  /** Names of the tasks. */
  get names(): readonly string[] {
    return this.shared.names;
  }

  /**
   * Where a task stands now.
   *
   * @throws {RangeError} When there is no such task.
   */
  of(task: string): Status {
    return this.#table.read(this.#index(task));
  }

  /**
   * Resolves with how a task ended, as soon as it has, without asking again and again. Waiting for it alone does not keep a
   * thread alive.
   *
   * @throws {RangeError} When there is no such task.
   */
  async settled(task: string): Promise<Status> {
    return await this.#table.settled(this.#index(task));
  }

  /** How many tasks stand where. */
  counts(): Record<Status, number> {
    return this.#table.counts();
  }

  /** Names of the tasks that stand somewhere, in declared order. */
  *tasks(status: Status): Generator<string> {
    if (!STATUSES.includes(status)) throw new RangeError(`Unknown status ${quote(String(status))}`);
    for (const [index, name] of this.names.entries()) if (this.#table.read(index) === status) yield name;
  }

  #index(task: string): number {
    this.#indexes ??= new Map(this.names.map((name, index) => [name, index]));
    const index = this.#indexes.get(task);
    if (index !== undefined) return index;
    const guess = nearest(task, this.names);
    throw new RangeError(`Unknown task ${quote(task)}${guess === undefined ? "" : `, did you mean ${quote(guess)}?`}`);
  }
}
