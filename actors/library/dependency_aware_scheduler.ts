/**
 * Owns a program's tasks, from the first that is added to the result of their execution, and is all that a program sees of
 * the scheduler.
 * It schedules nothing itself: arrangement.ts puts the tasks in order, an execution runs them.
 *
 * @module
 */
import { arrange, type Arrangement, hasCycle } from "../../graph/library/arrangement.ts";
import { WaveExecutionError } from "../../graph/library/execution_error.ts";
import type { ExecutionEvent } from "../../graph/library/execution_event.ts";
import type { ExecutionResult, TaskStatus, Wave, WaveSummary } from "../../graph/library/execution_report.ts";
import type { Attempt } from "../engine/attempt.ts";
import { AttemptContext } from "./attempt_context.ts";
import { EventHub } from "./event_hub.ts";
import { Execution } from "./execution.ts";
import { ExecutionBook } from "./execution_book.ts";
import { kindOf } from "./kind_of.ts";
import { moduleArgument } from "./module_argument.ts";
import { ModulePool } from "./module_pool.ts";
import { type ScheduledTask, type TaskExecutor, type TaskOptions, TaskRecord } from "./scheduled_task.ts";
import { withState } from "./task_context.ts";
import { ThreadSafeState } from "./thread_safe_state.ts";
import { WaveRecord } from "./wave_record.ts";
import { quote } from "../../graph/text.ts";

/** Choices for a {@linkcode DependencyAwareScheduler}. */
export interface SchedulerOptions {
  /** What the tasks share; default a new one without values. */
  readonly state?: ThreadSafeState;
  /** How many tasks may run at once; default 10. */
  readonly maxConcurrent?: number;
  /**
   * Refuse to run tasks that depend on each other in a cycle; default true. Otherwise all that can run does, and the rest
   * is reported as failed.
   */
  readonly enableDeadlockDetection?: boolean;
  /** Of the tasks that are ready, start those with the longest way to the end first; default true, or as they were added. */
  readonly enableWaveOptimization?: boolean;
  /** Start no task of a wave before the wave before it has ended; default false: each starts when what it needs is done. */
  readonly barrier?: boolean;
}

/** Choices for one execution. */
export interface ExecuteOptions {
  /** Cuts the execution short: tasks that run are abandoned, the others skipped, and all of them have failed. */
  readonly signal?: AbortSignal;
  /** Start nothing more after the first failed task, let finish what runs, and reject; default false. */
  readonly failFast?: boolean;
}

/** What one attempt is done with. */
interface Work {
  readonly attempt: Attempt;
  readonly modules: ModulePool;
  /** The keys of the state that modules are sent. */
  readonly stateKeys: readonly string[];
}

/**
 * Runs functions in the order of their dependencies, as many at once as may be.
 *
 * @example
 * ```ts
 * import { DependencyAwareScheduler } from "./mod.ts";
 *
 * const scheduler = new DependencyAwareScheduler({ maxConcurrent: 4 });
 * scheduler.addTask("a", () => Promise.resolve(1));
 * scheduler.addTask("b", () => Promise.resolve(2));
 * scheduler.addTask("sum", ({ dependencyResults: { a, b } }) => Number(a) + Number(b), ["a", "b"], { retryCount: 2 });
 * console.log(scheduler.schedule().map((wave) => wave.taskIds)); // [["a", "b"], ["sum"]]
 * const result = await scheduler.execute();
 * console.log(result.taskResults.sum); // 3
 * ```
 */
export class DependencyAwareScheduler {
  readonly #state: ThreadSafeState;
  readonly #options: Required<Omit<SchedulerOptions, "state">>;
  readonly #tasks = new Map<string, TaskRecord>();
  readonly #hub = new EventHub();
  /** Of the tasks as they are now, until one is added. */
  #arrangement: Arrangement<TaskRecord> | undefined;
  #waves: readonly WaveRecord[] | undefined;
  #isExecuting = false;

  /**
   * Starts without tasks.
   *
   * @throws {RangeError} When `maxConcurrent` is no number of tasks.
   */
  constructor(options: SchedulerOptions = {}) {
    this.#state = options.state ?? new ThreadSafeState();
    this.#options = {
      maxConcurrent: options.maxConcurrent ?? 10,
      enableDeadlockDetection: options.enableDeadlockDetection ?? true,
      enableWaveOptimization: options.enableWaveOptimization ?? true,
      barrier: options.barrier ?? false,
    };
    const { maxConcurrent } = this.#options;
    if (!(Number.isInteger(maxConcurrent) && maxConcurrent >= 1) && maxConcurrent !== Infinity) {
      throw new RangeError(`maxConcurrent must be an integer from 1, not ${maxConcurrent}`);
    }
  }

  /** What the tasks share. */
  get state(): ThreadSafeState {
    return this.#state;
  }

  /**
   * Adds a task; the tasks it depends on may be added after it.
   *
   * @throws {TypeError} When the executor is no function (a promise, say), or the dependencies are no list of ids.
   * @throws {RangeError} When there is a task of that id, or an option cannot be.
   */
  addTask(
    taskId: string,
    executor: TaskExecutor,
    dependencies: readonly string[] = [],
    options: TaskOptions = {},
  ): ScheduledTask {
    if (typeof taskId !== "string") throw new TypeError(`The id of a task must be a text, not ${kindOf(taskId)}`);
    this.#refuseWhileExecuting(`add task ${quote(taskId)}`);
    if (this.#tasks.has(taskId)) throw new RangeError(`Task ${quote(taskId)} was added before; each needs its own id`);
    const record = new TaskRecord(taskId, { executor, dependencies, options });
    this.#tasks.set(taskId, record);
    this.#arrangement = this.#waves = undefined;
    return record;
  }

  /**
   * The waves of the tasks as they are now; an execution fills in what became of them.
   *
   * @throws {TaskNotFoundError} When a task depends on one that was not added.
   * @throws {CircularDependencyError} When tasks depend on each other in a cycle, unless that is not to be detected.
   */
  schedule(): readonly Wave[] {
    return this.#allWaves();
  }

  /** Whether tasks depend on each other in a cycle, so that they could never start. */
  detectDeadlock(): boolean {
    return hasCycle([...this.#tasks.values()]);
  }

  /** Task → the tasks it depends on. */
  getDag(): Record<string, string[]> {
    return Object.fromEntries([...this.#tasks].map(([id, { dependencies }]) => [id, [...dependencies]]));
  }

  /** All that is known of a task; undefined if there is none of that id. */
  getTask(taskId: string): ScheduledTask | undefined {
    return this.#tasks.get(taskId);
  }

  /** How far a task is; undefined if there is none of that id. */
  getTaskStatus(taskId: string): TaskStatus | undefined {
    return this.#tasks.get(taskId)?.status;
  }

  /**
   * The waves and what they took in the last execution.
   *
   * @throws {TaskNotFoundError | CircularDependencyError} As {@linkcode schedule} does.
   */
  getWaveSummary(): readonly WaveSummary[] {
    return this.#allWaves().map((wave) => wave.summary());
  }

  /**
   * What happens from now on to the end of the execution that is going on or, if none is, of the next one. Every event waits
   * until it is read; nothing is kept for one who has stopped reading (`break`, or `cancel()`).
   */
  events(): ReadableStream<ExecutionEvent> {
    return this.#hub.listen();
  }

  /** Removes all tasks; the shared state stays as it is. */
  clear(): void {
    this.#refuseWhileExecuting("clear the tasks");
    this.#tasks.clear();
    this.#arrangement = this.#waves = undefined;
  }

  /**
   * Runs all tasks, each once what it depends on is completed; tasks that need a failed one are skipped, and count as failed.
   * It may be called again: then everything runs anew.
   *
   * @returns How it went; failed tasks are in the result, and do not reject.
   * @throws {TaskNotFoundError | CircularDependencyError} As {@linkcode schedule} does; nothing was started then.
   * @throws {WaveExecutionError} When a task failed and `failFast` was asked for.
   */
  async execute({ signal, failFast = false }: ExecuteOptions = {}): Promise<ExecutionResult> {
    this.#refuseWhileExecuting("execute the tasks");
    this.#isExecuting = true;
    try {
      const arrangement = this.#arrange();
      const waves = this.#allWaves();
      const slots = Math.max(1, Math.min(this.#options.maxConcurrent, arrangement.tasks.length));
      await using modules = new ModulePool(slots);
      const stateKeys = this.#state.keys().filter((key) => !this.#tasks.has(key));
      for (const record of [...this.#tasks.values(), ...waves]) record.reset();
      const book = new ExecutionBook({ arrangement, waves, tell: (event) => this.#hub.tell(event) });
      const execution = new Execution({
        plan: arrangement.plan,
        book,
        state: this.#state,
        slots,
        barrier: this.#options.barrier,
        failFast,
        work: (attempt) => this.#work(book.record(attempt.task), { attempt, modules, stateKeys }),
      });
      const result = await execution.run(signal);
      if (failFast && book.firstFailed !== undefined) {
        const { taskId } = book.record(book.firstFailed);
        throw new WaveExecutionError(book.waveOf(book.firstFailed).waveNumber, { taskId, result });
      }
      return result;
    } finally {
      this.#isExecuting = false;
      this.#hub.end();
    }
  }

  #arrange(): Arrangement<TaskRecord> {
    const { enableDeadlockDetection, enableWaveOptimization, barrier } = this.#options;
    return this.#arrangement ??= arrange([...this.#tasks.values()], {
      detectDeadlock: enableDeadlockDetection,
      longestFirst: enableWaveOptimization,
      barrier,
    });
  }

  #allWaves(): readonly WaveRecord[] {
    return this.#waves ??= wavesOf(this.#arrange());
  }

  /** The time of a module's function begins when its thread runs. */
  #work(record: TaskRecord, { attempt, modules, stateKeys }: Work): unknown {
    const { executor } = record;
    const context = new AttemptContext(record, { attempt, state: this.#state, tasks: this.#tasks });
    if (typeof executor === "function") {
      attempt.begin();
      return executor(withState(context));
    }
    const keys = executor.options.stateKeys ?? stateKeys;
    const begin = () => attempt.begin();
    return modules.run(executor, { argument: moduleArgument(context, keys), signal: attempt.signal, begin });
  }

  #refuseWhileExecuting(doing: string): void {
    if (this.#isExecuting) throw new Error(`Cannot ${doing} while the tasks are executed: wait for that to end`);
  }
}

function wavesOf({ tasks, waves }: Arrangement<TaskRecord>): WaveRecord[] {
  return waves.map((wave, index) => new WaveRecord(index + 1, wave.map((task) => tasks[task].taskId)));
}
