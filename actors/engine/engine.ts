/**
 * Owns the machinery of one run, whatever it is about: status table, scheduler, workers, timers and signals, from the
 * first task to the last thread's end.
 * It decides nothing and prints nothing.
 *
 * @module
 */
import type { TaskEnd } from "../../graph/schedule/event.ts";
import type { LoadLimits } from "../../graph/schedule/headroom.ts";
import type { Schedulable } from "../../graph/schedule/state.ts";
import type { LoadMonitor } from "../machine/load_monitor.ts";
import type { Counts, RunEvent } from "./run_event.ts";
import { Scheduler } from "./scheduler.ts";
import type { SchedulerMessage } from "./scheduler_message.ts";
import { StatusTable } from "../worker/status_table.ts";
import type { Stop } from "../process/stop_listener.ts";
import type { TurnSource } from "./turn_source.ts";
import type { Work } from "./work.ts";
import type { KeptWorkers } from "./kept_workers.ts";
import { type PoolOptions, WorkerPool } from "./worker_pool.ts";
import { later } from "../machine/later.ts";
import { QuickTimer } from "../machine/quick_timer.ts";
import type { LocksOfTasks } from "../locks/task_locks.ts";

/** What one run is made of. */
export interface EngineOptions {
  readonly plan: Schedulable;
  readonly work: Work;
  /** At least 1. */
  readonly workers: number;
  readonly failFast: boolean;
  /** Says whose turn it is, where the tasks are shared with other processes; default the plan does. */
  readonly turns?: TurnSource;
  /** How busy the machine may be for more tasks to be started; without any it is not looked at. */
  readonly loadLimits?: LoadLimits;
  /** Locks that tasks are to hold while they run; default none. */
  readonly locks?: LocksOfTasks;
  /** Whether tasks call functions of modules; default false. */
  readonly callsModules?: boolean;
  /** From being asked to end to SIGKILL, for tasks without a grace of their own; default 5 s. */
  readonly graceMs?: number;
  /** Absolute; where commands run. */
  readonly folder: string;
  /** Absolute path of the task file, for the tasks of one. */
  readonly taskFile?: string;
  readonly onEvent: (event: RunEvent) => void;
  /** Resolves when there is room for more to be said, undefined when there is some; tasks wait for it. Default there is. */
  readonly room?: () => Promise<void> | undefined;
  /** Told in a sentence what the run has to do without. */
  readonly onWarning: (sentence: string) => void;
  /** Workers of earlier runs that stand ready, and for later ones; default this run has its own. */
  readonly keptWorkers?: KeptWorkers;
  /** What to do every so many milliseconds, once there are workers. */
  readonly everyMs?: readonly (readonly [milliseconds: number, action: () => void])[];
}

/** How often a run's work is asked whether what it remembers is to be written. */
const CHECKPOINT_MS = 1000;

/** How a run went. */
export interface EngineEnd {
  /** By task. */
  readonly ends: readonly TaskEnd[];
  /** Worker id → busy time / total time, and their mean as `overall`. */
  readonly utilization: Readonly<Record<string, number>>;
}

/** One run; it is used once, and closed whatever happens. */
export class Engine {
  /** Where each task stands, in shared memory. */
  readonly table: StatusTable;
  readonly #scheduler: Scheduler;
  readonly #loadLimits: LoadLimits | undefined;
  #monitor: LoadMonitor | undefined;
  #isGivenUp = false;
  #stop: Stop | undefined;
  readonly #timers: QuickTimer[] = [];

  constructor(options: EngineOptions) {
    const {
      plan,
      work,
      workers,
      failFast,
      turns,
      folder,
      taskFile,
      locks,
      callsModules,
      graceMs,
      onEvent,
      onWarning,
      everyMs = [],
      loadLimits,
      room,
      keptWorkers,
    } = options;
    const table = this.table = new StatusTable(plan.size);
    this.#scheduler = new Scheduler({
      plan,
      work,
      workers,
      failFast,
      turns,
      table,
      locks,
      onEvent,
      createPool: (onReport) => {
        this.#monitor?.start();
        for (const [milliseconds, action] of everyMs) this.#timers.push(QuickTimer.every(milliseconds, action));
        if (work.checkpoint !== undefined) {
          const check = () => this.#scheduler.post({ kind: "checkpoint" });
          this.#timers.push(QuickTimer.every(CHECKPOINT_MS, check));
        }
        const poolOptions: PoolOptions = {
          size: workers,
          table: table.buffer,
          folder,
          taskFile,
          callsModules,
          graceMs,
          adoptsOrphans: this.#stop?.ownsProcess,
          onReport,
          carryOut: turns && ((task, deed) => turns.carryOut(task, deed)),
          room,
          onWarning,
        };
        const pool = keptWorkers?.open(poolOptions) ?? new WorkerPool(poolOptions);
        if (this.#stop !== undefined) this.#stop.pausing = pool;
        return pool;
      },
    });
    this.#loadLimits = loadLimits;
  }

  get counts(): Counts {
    return this.#scheduler.counts;
  }

  /**
   * Runs everything; a signal ends it early, in good order.
   *
   * @throws {WorkerStartError} When the system does not let the workers start.
   */
  async run(stop: Stop): Promise<EngineEnd> {
    this.#stop = stop;
    const interrupt = () => this.#scheduler.post({ kind: "interrupt", signal: stop.signal });
    if (this.#loadLimits !== undefined) {
      const { LoadMonitor } = await later<typeof import("../machine/load_monitor.ts")>(
        "../machine/load_monitor.ts",
        import.meta.url,
      );
      this.#monitor = new LoadMonitor(this.#loadLimits, (room) => this.#scheduler.post({ kind: "limit", room }));
      this.#monitor.begin();
    }
    stop.onSignal = interrupt;
    this.#scheduler.post({ kind: "begin" });
    if (stop.signal !== undefined) interrupt();
    await this.#scheduler.finished;
    return { ends: this.#scheduler.ends, utilization: this.#scheduler.utilization() };
  }

  /** Starts nothing more, and ends what runs. Again it does nothing. */
  giveUp(): void {
    if (!this.#isGivenUp) this.#scheduler.post({ kind: "interrupt" });
    this.#isGivenUp = true;
  }

  /** Tells it that what tasks read is not what it was. */
  changed(change: Pick<Extract<SchedulerMessage, { kind: "changed" }>, "edited" | "reshaped">): void {
    this.#scheduler.post({ kind: "changed", ...change });
  }

  /** Something has changed that only another run makes up for. */
  get isOutdated(): boolean {
    return this.#scheduler.isOutdated;
  }

  /** Ends all workers and waits until none is alive. */
  async close(): Promise<void> {
    this.#monitor?.close();
    for (const timer of this.#timers) timer.stop();
    await this.#scheduler.close();
  }
}
