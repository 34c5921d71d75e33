/**
 * Owns the safe execution of tasks that are functions: the gates are asked first; what may run together does, and what
 * may not is run in batches that may, one after another. It decides nothing about conflicts: graph/gates/ does.
 *
 * While a task runs it holds the file locks of what it declares: exclusive ones for what it writes, shared ones for what
 * it reads, so that executions in several processes respect each other, and builds and runs that lock what tasks declare.
 *
 * @module
 */
import { delay as pause } from "@std/async/delay";
import type { Verdict } from "../../graph/gates/findings.ts";
import type { GateTask } from "../../graph/gates/gate_task.ts";
import { GateError } from "../../graph/gates/gate_task.ts";
import { ParallelExecutionGates } from "./gates.ts";
import { hasConflicts, resolutionSentences, willPass } from "../../graph/gates/resolution.ts";
import type { HostLoad } from "../../graph/gates/resource_capacity.ts";
import { DEFAULT_SETTINGS, refuseWrong } from "../../graph/gates/settings.ts";
import { HostMeter } from "../machine/host_load.ts";
import { asError } from "./as_error.ts";
import { heldLocks } from "../locks/held_locks.ts";
import type { FileLock } from "../locks/request.ts";
import { FileLockManager } from "../locks/locks.ts";
import type { SafeExecutionReport, SafeExecutorOptions, SafeTaskFunction } from "./safe_execution.ts";
import { SafeLog } from "./safe_log.ts";
import { SafeRun } from "./safe_run.ts";
import { lockRequests } from "../locks/task_locks.ts";
import { quote } from "../../graph/text.ts";

/** What an execution has beside its tasks. */
interface CallContext {
  readonly log: SafeLog;
  readonly signal: AbortSignal;
}

/** How tasks are to be run, or were. */
type Batches = { readonly tasks: readonly string[]; readonly parallel: boolean }[];

/**
 * Runs tasks in parallel when the gates allow it, else in the batches they suggest.
 *
 * @example
 * ```ts
 * import { SafeParallelExecutor } from "./mod.ts";
 *
 * const tasks = [
 *   { name: "docs", writes: ["site/docs.html"] },
 *   { name: "blog", writes: ["site/blog.html"] },
 *   { name: "index", writes: ["site/*.html"], dependencies: ["docs", "blog"] },
 * ];
 * const executor = new SafeParallelExecutor(tasks, ({ name }) => `made ${name}`, { log: () => {} });
 * const { completed, batches } = await executor.execute();
 * console.log(completed, batches.map(({ tasks }) => tasks.join(" and "))); // 3 [ "docs and blog", "index" ]
 * ```
 */
export class SafeParallelExecutor<Result = unknown> {
  readonly #tasks: ReadonlyMap<string, GateTask>;
  readonly #function: SafeTaskFunction<Result>;
  readonly #options: SafeExecutorOptions<Result>;
  readonly #gates: ParallelExecutionGates;
  readonly #locks: FileLockManager;
  readonly #load: () => HostLoad;

  /**
   * Takes the tasks, and the function that does each of them.
   *
   * @throws {GateError} When a task declares what cannot be, two have one name, or an option cannot be.
   * @throws {TypeError} When `work` is no function.
   */
  constructor(tasks: readonly GateTask[], work: SafeTaskFunction<Result>, options: SafeExecutorOptions<Result> = {}) {
    refuseWrong(options);
    const { timeoutSeconds = Infinity } = options;
    if (typeof timeoutSeconds !== "number" || !(timeoutSeconds > 0)) {
      throw new GateError(`timeoutSeconds must be a number of seconds above 0, not ${String(timeoutSeconds)}`);
    }
    if (typeof work !== "function") throw new TypeError("What does the tasks must be a function of a task");
    this.#tasks = new Map(tasks.map((task) => [task.name, task]));
    this.#function = work;
    this.#options = options;
    const folder = options.folder ?? ".";
    this.#load = options.load ?? meteredLoad();
    this.#gates = new ParallelExecutionGates(tasks, {
      ...options,
      load: this.#load,
      heldLocks: options.heldLocks ?? (() => heldLocks(folder)),
    });
    this.#locks = new FileLockManager(folder);
  }

  /**
   * Runs the named tasks, or all. What they need that is not named counts as done. Failed tasks are in the report; those
   * that need them are skipped, and all others are run.
   *
   * @throws {GateError} When there is no task of a name, tasks depend on each other in a cycle, or conflicts are refused.
   * @throws {AggregateError} When `rollBack` throws: that error, and those of the failed tasks.
   */
  async execute(
    taskIds: readonly string[] = [...this.#tasks.keys()],
    { signal = new AbortController().signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<SafeExecutionReport<Result>> {
    const begunMs = performance.now();
    const { log: write = (_, line) => console.error(line), logLevel, enableMonitoring } = this.#options;
    const log = new SafeLog({ log: write, logLevel: logLevel ?? DEFAULT_SETTINGS.logLevel });
    const verdict = this.#gates.ask(taskIds);
    log.verdict(verdict);
    const names = verdict.findings.group.map(({ name }) => name);
    const planned = this.#plan(verdict, names, log);
    if (enableMonitoring ?? DEFAULT_SETTINGS.enableMonitoring) log.watch(this.#load);
    try {
      const { run, ...how } = await this.#runSafely(names, planned, { log, signal });
      const durationMs = performance.now() - begunMs;
      const counts = run.counts();
      log.end(counts, durationMs);
      return { report: verdict.report, ...how, results: run.results(names), ...counts, durationMs };
    } finally {
      log.close();
    }
  }

  /** Runs what is planned or, with a checkpoint to go back to, all once more, one task after another. */
  async #runSafely(
    names: readonly string[],
    planned: Batches,
    { log, signal }: CallContext,
  ): Promise<Pick<SafeExecutionReport, "batches" | "rollbacks"> & { readonly run: SafeRun<Result> }> {
    const { checkpoint } = this.#options;
    await checkpoint?.save(names);
    const alone = planned.flatMap(({ tasks }) => tasks.map((name) => ({ tasks: [name], parallel: false })));
    for (let rollbacks = 0;; rollbacks++) {
      const order = rollbacks === 0 ? planned : alone;
      await using run = new SafeRun<Result>(order.flatMap(({ tasks }) => tasks), {
        tasks: this.#tasks,
        lock: (task, signal) => this.#lock(task, signal),
        work: (task, signal) => this.#work(task, signal),
        timeoutSeconds: this.#options.timeoutSeconds ?? Infinity,
        log,
        signal,
      });
      const [batches] = await Promise.all([this.#run(run, order, { log, signal }), run.finished]);
      const isWhole = run.counts().completed === names.length;
      if (checkpoint === undefined || isWhole) return { batches, rollbacks, run };
      try {
        await checkpoint.rollBack(names);
      } catch (error) {
        throw new AggregateError(
          [error, ...run.errors(names)],
          `Cannot roll back to the checkpoint: ${asError(error).message}`,
        );
      }
      log.line("WARNING", "Rolled back to the checkpoint");
      if (rollbacks > 0 || signal.aborted) return { batches, rollbacks: rollbacks + 1, run };
      log.line("WARNING", "Running once more, one task at a time");
    }
  }

  /** How a group is to be run: at once if it may, else in batches. */
  #plan(verdict: Verdict, names: readonly string[], log: SafeLog): Batches {
    const { conflictResolution, progressive = false } = this.#options;
    if (verdict.report.can_parallel && !progressive) return [{ tasks: names, parallel: names.length > 1 }];
    if (conflictResolution === "refuse" && hasConflicts(verdict)) {
      throw new GateError('The gates found conflicts, and conflictResolution is "refuse"');
    }
    const batches = this.#gates.suggestExecutionBatches(names, { progressive });
    for (const sentence of resolutionSentences(verdict.findings, batches)) log.line("INFO", sentence);
    return batches.map((tasks) => ({ tasks, parallel: tasks.length > 1 }));
  }

  /** Runs batch after batch; the answer is how each was run. */
  async #run(run: SafeRun<Result>, planned: Batches, { log, signal }: CallContext): Promise<Batches> {
    const done: Batches = [];
    for (const { tasks, parallel } of planned) {
      const isParallel = parallel && await this.#mayRun(tasks, { log, signal });
      await run.runBatch(tasks, isParallel);
      done.push({ tasks, parallel: isParallel });
    }
    return done;
  }

  /** Asks again after each of the delays while all that is in the way will pass. */
  async #mayRun(
    tasks: readonly string[],
    { log, signal }: CallContext,
  ): Promise<boolean> {
    for (const seconds of [...this.#options.retryDelays ?? DEFAULT_SETTINGS.retryDelays, undefined]) {
      const verdict = this.#gates.ask(tasks);
      if (verdict.report.can_parallel) return true;
      if (seconds === undefined || !willPass(verdict) || signal.aborted) break;
      log.line("WARNING", `Waiting ${seconds}s: ${verdict.report.recommendations[0] ?? "the machine is busy"}`);
      await pause(seconds * 1000, { signal }).catch(() => {});
    }
    log.line("WARNING", `Running ${tasks.map(quote).join(", ")} one after another`);
    return false;
  }

  /** Locks what the task declares. */
  async #lock(task: GateTask, signal: AbortSignal): Promise<FileLock | undefined> {
    const asked = lockRequests(task);
    if (asked.length === 0) return undefined;
    const { lockTimeoutSeconds, retryDelays } = { ...DEFAULT_SETTINGS, ...given(this.#options) };
    return await this.#locks.acquireAll(asked, {
      task: task.name,
      signal,
      timeoutMs: lockTimeoutSeconds * 1000,
      retryDelaysMs: retryDelays.map((seconds) => seconds * 1000),
    });
  }

  /** Does the task's work. */
  async #work(task: GateTask, signal: AbortSignal): Promise<Result> {
    const result = await this.#function(task, { signal });
    if (await this.#options.validateResult?.(task, result) === false) {
      throw new Error(`The result of ${quote(task.name)} is not valid`);
    }
    return result;
  }
}

/** The options that were given, without those that are undefined. */
function given<Options extends object>(options: Options): Partial<Options> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<Options>;
}

function meteredLoad(): () => HostLoad {
  const meter = new HostMeter();
  return () => meter.load();
}
