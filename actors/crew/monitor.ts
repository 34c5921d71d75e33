/**
 * Owns what programs see of a crew without being in it, while others write.
 *
 * @module
 */
import type { Overview } from "../../graph/crew/snapshot.ts";
import type { CrewTaskState } from "../../graph/crew/status.ts";
import type { StatusRecord, StoreOptions, TaskRecord, WorkerRecord, WorkflowRecord } from "./store/records.ts";
import { CrewView } from "./store/view.ts";

/** A member as those see it who look. */
export interface MonitoredWorker extends WorkerRecord {
  /** At work by the record, but its heartbeat has expired. */
  readonly isStale: boolean;
  /** How long ago its last heartbeat was, by the clock of whoever looks. */
  readonly heartbeatAgeMs: number;
}

/** More tasks of one kind than anyone looks at in an overview. */
const MOST_IN_OVERVIEW = 100;

/**
 * A view of a crew. It writes nothing, and makes no database.
 *
 * @example
 * ```ts
 * import { Crew, Monitor } from "./mod.ts";
 *
 * await using crew = new Crew(["a", "b"], { db: "monitored.sqlite" });
 * for await (const task of crew) console.log(task.data);
 * using monitor = await Monitor.open("monitored.sqlite");
 * console.log((await monitor.getWorkflow()).counts.completed); // 2
 * ```
 */
export class Monitor implements Disposable {
  readonly #view: CrewView;
  readonly #seen = new Map<number, { beat: number; sinceMs: number; hasGrown: boolean }>();

  private constructor(view: CrewView) {
    this.#view = view;
  }

  /**
   * Opens a crew's database to look at it.
   *
   * @throws {DatabaseError} Of kind `missing` when there is none.
   */
  static async open(path: string, options: StoreOptions = {}): Promise<Monitor> {
    return new Monitor(await CrewView.look(path, options));
  }

  /** All members there ever were, the oldest first. */
  async getWorkers(): Promise<MonitoredWorker[]> {
    return (await this.#view.workers()).map((worker) => this.#monitored(worker));
  }

  /** All there is to see at one moment; of the tasks that run, and of those that failed, the first 100. */
  async getOverview(): Promise<Overview> {
    const { workflow: { name, ...figures }, workers, ...tasks } = await this.#view.snapshot(MOST_IN_OVERVIEW);
    return { workflow: name, ...figures, workers: workers.map((worker) => this.#monitored(worker)), ...tasks };
  }

  /** Tasks by rank; only those in a state, or those that the member of an identifier has had. */
  getTasks(state?: CrewTaskState, worker?: string): Promise<TaskRecord[]> {
    return this.#view.tasks({ state, worker });
  }

  /** One task; undefined when nobody has registered it. */
  getTask(id: string): Promise<TaskRecord | undefined> {
    return this.#view.task(id);
  }

  /** What happened to a task, oldest first. */
  getStatuses(id: string): Promise<StatusRecord[]> {
    return this.#view.statusTrail(id);
  }

  /** What the last attempt at a task that failed printed, each stream; undefined when nothing is kept of one. */
  getOutput(id: string): Promise<{ readonly stdout: string; readonly stderr: string } | undefined> {
    return this.#view.output(id);
  }

  /** The dependencies that the last completion of a task went by, sorted. */
  getUsedDependencies(id: string): Promise<string[]> {
    return this.#view.usedDependencies(id);
  }

  /** The workflow as a whole. */
  getWorkflow(): Promise<WorkflowRecord> {
    return this.#view.workflow();
  }

  /** Closes the database. */
  close(): void {
    this.#view.close();
  }

  /** Closes the database. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** By the clock of the host that wrote the heartbeat, unless it was seen to grow: then by how long ago that was. */
  #monitored(worker: WorkerRecord): MonitoredWorker {
    const { beat, lastHeartbeat, heartbeatTimeoutMs } = worker;
    const nowMs = performance.now();
    let seen = this.#seen.get(worker.worker);
    if (seen?.beat !== beat) {
      this.#seen.set(worker.worker, seen = { beat, sinceMs: nowMs, hasGrown: seen !== undefined });
    }
    const ageMs = seen.hasGrown ? nowMs - seen.sinceMs : Date.now() - lastHeartbeat;
    const isAtWork = worker.status === "idle" || worker.status === "busy";
    return { ...worker, isStale: isAtWork && ageMs > heartbeatTimeoutMs, heartbeatAgeMs: Math.max(0, ageMs) };
  }
}
