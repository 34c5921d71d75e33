/**
 * Owns what a look at a crew sees. Types only; the words are overview.ts's.
 *
 * @module
 */
import type { CrewTaskState, WorkerStatus } from "./status.ts";

/**
 * A member, as far as it is shown. Times in Unix milliseconds.
 *
 * @example
 * ```ts
 * import { type CrewOverviewWorker, join, Monitor } from "./mod.ts";
 *
 * await join("fixtures/tasks/pipeline.txt", { db: "overview_workers.sqlite" });
 * using monitor = await Monitor.open("overview_workers.sqlite");
 * const workers: readonly CrewOverviewWorker[] = (await monitor.getOverview()).workers;
 * console.log(workers.length); // 1
 * ```
 */
export interface OverviewWorker {
  /** Its identifier. */
  readonly id: string;
  /** Where it stands. */
  readonly status: WorkerStatus;
  /** At work by the record, but its heartbeat has expired. */
  readonly isStale: boolean;
  /** By the clock of its host. */
  readonly lastHeartbeat: number;
  /** How long ago that was, by the clock of whoever looks. */
  readonly heartbeatAgeMs: number;
  /** Between two signs of life. */
  readonly heartbeatIntervalMs: number;
  /** Without one for so long it counts as dead. */
  readonly heartbeatTimeoutMs: number;
  /** How many tasks it has brought to an end. */
  readonly processedTasks: number;
  /** Where it runs. */
  readonly hostname: string;
  /** Its process there. */
  readonly pid: number;
  /** What tasks may require. */
  readonly labels: readonly string[];
  /** When it joined. */
  readonly startedAt: number;
  /** When it left or was given up for dead; null while it is at work. */
  readonly endedAt: number | null;
}

/**
 * A task in the hands of a member.
 *
 * @example
 * ```ts
 * import { Crew, type CrewRunningTask, Monitor } from "./mod.ts";
 *
 * await using crew = new Crew(["a"], { db: "running.sqlite" });
 * for await (const task of crew) {
 *   using monitor = await Monitor.open("running.sqlite");
 *   const running: readonly CrewRunningTask[] = (await monitor.getOverview()).running;
 *   console.log(running[0].task === task.id); // true
 * }
 * ```
 */
export interface RunningTask {
  /** Its id. */
  readonly task: string;
  /** The member's identifier. */
  readonly worker: string;
  /** Unix milliseconds. */
  readonly startedAt: number;
}

/**
 * A task that did not make it.
 *
 * @example
 * ```ts
 * import { Crew, type CrewFailedTask, Monitor } from "./mod.ts";
 *
 * await using crew = new Crew(["a"], { db: "failed_tasks.sqlite" });
 * for await (const _task of crew) break; // fails it
 * using monitor = await Monitor.open("failed_tasks.sqlite");
 * const failed: readonly CrewFailedTask[] = (await monitor.getOverview()).failed;
 * console.log(failed.map(({ task }) => task)); // [ "0" ]
 * ```
 */
export interface FailedTask {
  /** Its id. */
  readonly task: string;
  /** How it ended. */
  readonly state: CrewTaskState;
  /** Why; null where nobody said. */
  readonly detail: string | null;
}

/**
 * All there is to see of a workflow at one moment.
 *
 * @example
 * ```ts
 * import { type CrewOverview, join, Monitor } from "./mod.ts";
 *
 * await join("fixtures/tasks/pipeline.txt", { db: "overview.sqlite" });
 * using monitor = await Monitor.open("overview.sqlite");
 * const overview: CrewOverview = await monitor.getOverview();
 * console.log(overview.counts.completed, overview.workers.length); // 6 1
 * ```
 */
export interface Overview {
  /** Its name. */
  readonly workflow: string;
  /** Null when nobody knows how many there will be. */
  readonly totalTasks: number | null;
  /** Those registered so far. */
  readonly discoveredTasks: number;
  /** Tasks by state. */
  readonly counts: Readonly<Record<Exclude<CrewTaskState, "announced">, number>>;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** All members there ever were, the oldest first. */
  readonly workers: readonly OverviewWorker[];
  /** The first of them. */
  readonly running: readonly RunningTask[];
  /** The first of them. */
  readonly failed: readonly FailedTask[];
}

/** An overview, or why there is none yet. */
export type Sight = Overview | { readonly waiting: string };
