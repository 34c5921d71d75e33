/**
 * Owns the workers of one member: who is idle, who has which task, and what waits for the next idle one.
 * It decides nothing about tasks. Workers are started when the first task is to be run.
 *
 * @module
 */
import type { Needs } from "../../graph/admission.ts";
import type { RunShell, RunTask } from "../messages.ts";
import { StatusTable } from "../status_table.ts";
import type { EndSignal } from "../stop_listener.ts";
import type { PoolOptions, WorkerPool } from "../worker_pool.ts";

/** How a member's workers are made. */
export interface CrewWorkersParts {
  readonly size: number;
  /** How many tasks there are in all. */
  readonly tasks: number;
  readonly createPool: (options: Pick<PoolOptions, "size" | "table">) => WorkerPool;
  /** What tasks need of things that are limited; absent when none needs any. */
  readonly needs?: Needs;
  /** What a worker is told about a task, at the moment it gets it. */
  readonly message: (task: number) => RunTask | RunShell;
}

/** The workers of one member. */
export class CrewWorkers {
  readonly #parts: CrewWorkersParts;
  readonly #table: StatusTable;
  readonly #queue: number[] = [];
  readonly #idle: number[] = [];
  readonly #taskOf = new Map<number, number>();
  #pool: WorkerPool | undefined;

  constructor(parts: CrewWorkersParts) {
    this.#parts = parts;
    this.#table = new StatusTable(parts.tasks);
  }

  /** Whether any has a task. */
  get isBusy(): boolean {
    return this.#taskOf.size > 0;
  }

  /** Has a task run as soon as there is an idle worker. */
  run(task: number): void {
    this.#queue.push(task);
    if (this.#pool === undefined) {
      const { size, createPool } = this.#parts;
      this.#pool = createPool({ size, table: this.#table.buffer });
      this.#pool.start();
    }
    this.#dispatch();
  }

  /** A worker has nothing to do. */
  ready(worker: number): void {
    this.#idle.push(worker);
    this.#dispatch();
  }

  /** A worker is done with its task, which may be run again. */
  release(worker: number, task: number): void {
    this.#taskOf.delete(worker);
    this.#table.change(task, "running", "pending");
    this.ready(worker);
  }

  /** A worker crashed, and will be ready again; answers the task it had. */
  crashed(worker: number): number | undefined {
    const task = this.#taskOf.get(worker);
    this.#taskOf.delete(worker);
    const at = this.#idle.indexOf(worker);
    if (at >= 0) this.#idle.splice(at, 1);
    // Its word may still be pending.
    if (task !== undefined && this.#table.read(task) === "running") this.#table.change(task, "running", "pending");
    return task;
  }

  /** Takes back what no worker has yet. */
  takeBack(): number[] {
    return this.#queue.splice(0);
  }

  /** Ends what runs. */
  cancel(signal: EndSignal): void {
    for (const worker of this.#taskOf.keys()) this.#pool!.cancel(worker, signal);
  }

  /** Ends the workers. */
  async close(): Promise<void> {
    await this.#pool?.close();
  }

  #dispatch(): void {
    while (this.#idle.length > 0) {
      const at = this.#queue.findIndex((task) => this.#hasRoom(task));
      if (at < 0) return;
      const [task] = this.#queue.splice(at, 1), worker = this.#idle.shift()!;
      this.#taskOf.set(worker, task);
      this.#pool!.run(worker, this.#parts.message(task));
    }
  }

  /** A member has no more tasks than workers, so what runs is asked, and no books are kept. What is unused admits anyone. */
  #hasRoom(task: number): boolean {
    const { needs } = this.#parts;
    if (needs === undefined) return true;
    for (let i = needs.start[task]; i < needs.start[task + 1]; i++) {
      let used = 0;
      for (const running of this.#taskOf.values()) used += amountOf(needs, running, needs.resource[i]);
      if (used > 0 && used + needs.amount[i] > needs.limits[needs.resource[i]] + 1e-9) return false;
    }
    return true;
  }
}

function amountOf({ start, resource, amount }: Needs, task: number, wanted: number): number {
  for (let i = start[task]; i < start[task + 1]; i++) if (resource[i] === wanted) return amount[i];
  return 0;
}
