/**
 * Owns the safe execution of tasks that are functions: the gates are asked first; what may run together does, and what
 * may not is run in batches that may, one after another. It decides nothing about conflicts: graph/gates/ does.
 *
 * While a task runs it holds the file locks of what it declares: exclusive ones for what it writes, shared ones for what
 * it reads, so that executions in several processes respect each other. Globs cannot be locked; the gates compare them.
 *
 * @module
 */
import type { Verdict } from "../graph/gates/findings.ts";
import type { GateTask } from "../graph/gates/gate_task.ts";
import { GateError } from "../graph/gates/gate_task.ts";
import { ParallelExecutionGates } from "../graph/gates/gates.ts";
import { isGlob } from "../graph/gates/glob.ts";
import { hasConflicts, resolutionSentences, willPass } from "../graph/gates/resolution.ts";
import type { HostLoad } from "../graph/gates/resource_capacity.ts";
import { DEFAULT_SETTINGS } from "../graph/gates/settings.ts";
import { quote } from "../graph/mistakes.ts";
import { CpuMeter } from "./cpu_meter.ts";
import { hostLoad } from "./host_load.ts";
import { heldLocks } from "./held_locks.ts";
import type { FileLock, LockRequest } from "./lock_request.ts";
import { FileLockManager } from "./locks.ts";
import type { SafeExecutionReport, SafeExecutorOptions, SafeTaskFunction, SafeTaskResult } from "./safe_execution.ts";
import { type Counts, SafeLog } from "./safe_log.ts";

/** What an execution has beside its tasks. */
interface Surroundings {
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
  readonly #work: SafeTaskFunction<Result>;
  readonly #options: SafeExecutorOptions<Result>;
  readonly #gates: ParallelExecutionGates;
  readonly #locks: FileLockManager;
  readonly #load: () => HostLoad;

  /**
   * Takes the tasks, and the function that does each of them.
   *
   * @throws {GateError} When a task declares what cannot be, or two have one name.
   */
  constructor(tasks: readonly GateTask[], work: SafeTaskFunction<Result>, options: SafeExecutorOptions<Result> = {}) {
    this.#tasks = new Map(tasks.map((task) => [task.name, task]));
    this.#work = work;
    this.#options = options;
    const folder = options.folder ?? ".";
    this.#load = options.load ?? measuredLoad();
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
   * @throws {GateError} When there is no task of a name, tasks depend on each other in a circle, or conflicts are refused.
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
      const { execution, ...how } = await this.#runSafely(names, planned, { log, signal });
      const durationMs = performance.now() - begunMs;
      const counts = execution.counts();
      log.end(counts, durationMs);
      return { report: verdict.report, ...how, results: execution.results(), ...counts, durationMs };
    } finally {
      log.close();
    }
  }

  /** Runs what is planned or, with a checkpoint to go back to, all once more, one task after another. */
  async #runSafely(
    names: readonly string[],
    planned: Batches,
    { log, signal }: Surroundings,
  ): Promise<Pick<SafeExecutionReport, "batches" | "rollbacks"> & { readonly execution: Execution<Result> }> {
    const { checkpoint } = this.#options;
    await checkpoint?.save(names);
    const alone = planned.flatMap(({ tasks }) => tasks.map((name) => ({ tasks: [name], parallel: false })));
    for (let rollbacks = 0;; rollbacks++) {
      const execution = new Execution<Result>(this.#tasks, names);
      const batches = await this.#run(rollbacks === 0 ? planned : alone, execution, { log, signal });
      const isWhole = execution.counts().completed === names.length;
      if (checkpoint === undefined || isWhole) return { batches, rollbacks, execution };
      await checkpoint.rollBack(names);
      log.line("WARNING", "Rolled back to the checkpoint");
      if (rollbacks > 0 || signal.aborted) return { batches, rollbacks: rollbacks + 1, execution };
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
  async #run(
    planned: Batches,
    execution: Execution<Result>,
    { log, signal }: Surroundings,
  ): Promise<Batches> {
    const done: Batches = [];
    for (const { tasks, parallel } of planned) {
      const isParallel = parallel && await this.#mayRun(tasks, { log, signal });
      const step = (name: string) => this.#runTask(name, execution, { log, signal });
      if (isParallel) await Promise.all(tasks.map(step));
      else for (const name of tasks) await step(name);
      done.push({ tasks, parallel: isParallel });
    }
    return done;
  }

  /** Asks again after each of the delays while all that is in the way will pass. */
  async #mayRun(
    tasks: readonly string[],
    { log, signal }: Surroundings,
  ): Promise<boolean> {
    for (const delay of [...this.#options.retryDelays ?? DEFAULT_SETTINGS.retryDelays, undefined]) {
      const verdict = this.#gates.ask(tasks);
      if (verdict.report.can_parallel) return true;
      if (delay === undefined || !willPass(verdict) || signal.aborted) break;
      log.line("WARNING", `Waiting ${delay}s: ${verdict.report.recommendations[0] ?? "the machine is busy"}`);
      await new Promise((resume) => setTimeout(resume, delay * 1000));
    }
    log.line("WARNING", `Running ${tasks.map(quote).join(", ")} one after another`);
    return false;
  }

  /** Never rejects. */
  async #runTask(
    name: string,
    execution: Execution<Result>,
    { log, signal }: Surroundings,
  ): Promise<void> {
    const task = this.#tasks.get(name)!;
    const obstacle = signal.aborted ? "the execution was stopped" : execution.obstacle(task);
    if (obstacle !== undefined) {
      log.line("WARNING", `Skipped ${quote(name)}: ${obstacle}`);
      return execution.end(name, { status: "skipped", error: obstacle, durationMs: 0 });
    }
    const begunMs = performance.now();
    let lock: FileLock | undefined;
    try {
      lock = await this.#lock(task, signal);
      log.running.add(name);
      log.line("DEBUG", `Started ${quote(name)}`);
      const result = await this.#work(task, { signal });
      if (await this.#options.validateResult?.(task, result) === false) {
        throw new Error(`The result of ${quote(name)} is not valid`);
      }
      execution.end(name, { status: "completed", result, durationMs: performance.now() - begunMs });
      log.line("DEBUG", `Completed ${quote(name)}`);
    } catch (error) {
      execution.end(name, { status: "failed", error, durationMs: performance.now() - begunMs });
      log.line("ERROR", `Failed ${quote(name)}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      log.running.delete(name);
      lock?.release();
    }
  }

  async #lock({ name, reads = [], writes = [] }: GateTask, signal: AbortSignal): Promise<FileLock | undefined> {
    const asked: LockRequest[] = [
      ...writes.map((path) => ({ path, mode: "exclusive" as const })),
      ...reads.map((path) => ({ path, mode: "shared" as const })),
    ].filter(({ path }) => !isGlob(path));
    if (asked.length === 0) return undefined;
    const { lockTimeoutSeconds, retryDelays } = { ...DEFAULT_SETTINGS, ...given(this.#options) };
    return await this.#locks.acquireAll(asked, {
      task: name,
      signal,
      timeoutMs: lockTimeoutSeconds * 1000,
      retryDelaysMs: retryDelays.map((seconds) => seconds * 1000),
    });
  }
}

/** How the tasks of one execution stand. */
class Execution<Result> {
  readonly #tasks: ReadonlyMap<string, GateTask>;
  readonly #names: readonly string[];
  readonly #isMember: ReadonlySet<string>;
  readonly #ends = new Map<string, SafeTaskResult<Result>>();
  /** Tasks that are not run, and wait for none that is. */
  readonly #cleared = new Set<string>();

  constructor(tasks: ReadonlyMap<string, GateTask>, names: readonly string[]) {
    this.#tasks = tasks;
    this.#names = names;
    this.#isMember = new Set(names);
  }

  /** Why a task cannot be run: a task it needs, directly or through others that count as done, was not completed. */
  obstacle({ dependencies = [] }: GateTask): string | undefined {
    const passed = new Set<string>(), pending = [...dependencies];
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (this.#cleared.has(name) || passed.has(name)) continue;
      if (this.#isMember.has(name)) {
        if (this.#ends.get(name)?.status !== "completed") return `${quote(name)}, which it needs, was not completed`;
      } else {
        passed.add(name);
        pending.push(...this.#tasks.get(name)?.dependencies ?? []);
      }
    }
    for (const name of passed) this.#cleared.add(name);
  }

  end(name: string, end: SafeTaskResult<Result>): void {
    this.#ends.set(name, end);
  }

  counts(): Counts {
    const counts = { completed: 0, failed: 0, skipped: 0 };
    for (const { status } of this.#ends.values()) counts[status]++;
    return counts;
  }

  results(): Map<string, SafeTaskResult<Result>> {
    return new Map(this.#names.map((name) => [name, this.#ends.get(name)!]));
  }
}

/** The options that were given, without those that are undefined. */
function given<Options extends object>(options: Options): Partial<Options> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<Options>;
}

/** The machine as it is, its CPUs since the last look: the load average of a minute would tell of what is over. */
function measuredLoad(): () => HostLoad {
  const meter = new CpuMeter();
  return () => ({ ...hostLoad(), cpu: meter.share() });
}
