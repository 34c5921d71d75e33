/**
 * Owns the machinery of one run, whatever it is about: status table, scheduler, workers, timers and signals, from the
 * first task to the last thread's end.
 * It decides nothing and prints nothing.
 *
 * @module
 */
import type { TaskEnd } from "../graph/event.ts";
import type { LoadLimits } from "../graph/headroom.ts";
import type { Schedulable } from "../graph/schedule_state.ts";
import type { LoadMonitor } from "./load_monitor.ts";
import type { Counts, RunEvent } from "./run_event.ts";
import { Scheduler } from "./scheduler.ts";
import { StatusTable } from "./status_table.ts";
import type { Stop } from "./stop_listener.ts";
import type { Work } from "./work.ts";
import { WorkerPool } from "./worker_pool.ts";

/** What one run is made of. */
export interface EngineOptions {
  readonly plan: Schedulable;
  readonly work: Work;
  /** At least 1. */
  readonly workers: number;
  readonly failFast: boolean;
  /** How busy the machine may be for more tasks to be started; without any it is not looked at. */
  readonly loadLimits?: LoadLimits;
  /** Absolute; where commands run. */
  readonly folder: string;
  readonly onEvent: (event: RunEvent) => void;
  /** Told in a sentence what the run has to do without. */
  readonly onWarning: (sentence: string) => void;
  /** What to do every so many milliseconds, once there are workers. */
  readonly everyMs?: readonly (readonly [milliseconds: number, action: () => void])[];
}

/** How a run went. */
export interface EngineEnd {
  /** By task. */
  readonly ends: readonly TaskEnd[];
  /** Worker id → busy time / total time, and their mean as `overall`. */
  readonly utilization: Readonly<Record<string, number>>;
}

/** One run; it is used once, and closed whatever happens. */
export class Engine {
  readonly #scheduler: Scheduler;
  readonly #loadLimits: LoadLimits | undefined;
  #monitor: LoadMonitor | undefined;
  // Starting even one timer takes milliseconds, which a run that finds nothing to do can spare.
  readonly #timers: ReturnType<typeof setInterval>[] = [];

  constructor(options: EngineOptions) {
    const { plan, work, workers, failFast, folder, onEvent, onWarning, everyMs = [], loadLimits } = options;
    const table = new StatusTable(plan.size);
    this.#scheduler = new Scheduler({
      plan,
      work,
      workers,
      failFast,
      table,
      onEvent,
      createPool: (onReport) => {
        for (const [milliseconds, action] of everyMs) this.#timers.push(setInterval(action, milliseconds));
        this.#monitor?.start();
        return new WorkerPool({ size: workers, table: table.buffer, folder, onReport, onWarning });
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
    const interrupt = () => this.#scheduler.post({ kind: "interrupt", signal: stop.signal });
    if (this.#loadLimits !== undefined) {
      const { LoadMonitor } = await import("./load_monitor.ts");
      this.#monitor = new LoadMonitor(this.#loadLimits, (room) => this.#scheduler.post({ kind: "limit", room }));
      this.#monitor.begin();
    }
    stop.onSignal = interrupt;
    this.#scheduler.post({ kind: "begin" });
    if (stop.signal !== undefined) interrupt();
    await this.#scheduler.finished;
    return { ends: this.#scheduler.ends, utilization: this.#scheduler.utilization() };
  }

  /** Ends all workers and waits until none is alive. */
  async close(): Promise<void> {
    this.#monitor?.close();
    for (const timer of this.#timers) clearInterval(timer);
    await this.#scheduler.close();
  }
}
