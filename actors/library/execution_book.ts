/**
 * Owns what became of each task and each wave of an execution, tells of it as it happens, and puts it together at the end.
 * It decides nothing and starts nothing.
 *
 * @module
 */
import type { Arrangement } from "../../graph/library/arrangement.ts";
import { skippedInCycle } from "../../graph/library/execution_error.ts";
import type { ExecutionEvent } from "../../graph/library/execution_event.ts";
import { ExecutionResult } from "../../graph/library/execution_report.ts";
import type { TaskRecord } from "./scheduled_task.ts";
import type { WaveRecord } from "./wave_record.ts";

/** What is written down, and who is told. */
export interface BookParts {
  readonly arrangement: Arrangement<TaskRecord>;
  /** In order. */
  readonly waves: readonly WaveRecord[];
  readonly tell: (event: ExecutionEvent) => void;
}

/** The book of one execution, tasks by index. */
export class ExecutionBook {
  readonly #parts: BookParts;
  readonly #id = crypto.randomUUID();
  readonly #begunMs = performance.now();
  #wavesOver = 0;
  /** The task that failed first, by index. */
  firstFailed: number | undefined;
  /** The one that failed last. */
  lastFailed: number | undefined;

  constructor(parts: BookParts) {
    this.#parts = parts;
  }

  /** How many waves are over, with all those before them. */
  get wavesOver(): number {
    return this.#wavesOver;
  }

  record(task: number): TaskRecord {
    return this.#parts.arrangement.tasks[task];
  }

  waveOf(task: number): WaveRecord {
    const { arrangement, waves } = this.#parts;
    return waves[arrangement.waveOf[task]];
  }

  begin(): void {
    const { arrangement: { tasks, stuck }, waves, tell } = this.#parts;
    const totalTasks = tasks.length + stuck.length;
    tell({ kind: "executionStarted", executionId: this.#id, totalTasks, totalWaves: waves.length });
    for (const record of stuck) this.#skip(record, skippedInCycle());
  }

  /** Answers with the number of the attempt. */
  start(task: number): number {
    const record = this.record(task);
    const wave = this.waveOf(task);
    const { waveNumber, taskIds } = wave;
    record.status = "IN_PROGRESS";
    const attempt = ++record.attempts;
    if (wave.begin()) this.#parts.tell({ kind: "waveStarted", waveNumber, taskIds });
    this.#parts.tell({ kind: "taskStarted", taskId: record.taskId, waveNumber, attempt });
    return attempt;
  }

  /** Answers with how long to wait for the next attempt. */
  retry(task: number, attempt: number): number {
    const record = this.record(task);
    const retryInMs = record.delayMs(attempt);
    record.status = "PENDING";
    this.#parts.tell({ kind: "attemptFailed", taskId: record.taskId, attempt, error: record.error!, retryInMs });
    return retryInMs;
  }

  complete(task: number): void {
    const record = this.record(task);
    record.status = "COMPLETED";
    record.error = undefined;
    const { taskId, attempts, durationMs, result } = record;
    this.#parts.tell({ kind: "taskCompleted", taskId, attempts, durationMs, result });
    this.#endInWave(task, true);
  }

  fail(task: number): void {
    const record = this.record(task);
    record.status = "FAILED";
    this.firstFailed ??= task;
    this.lastFailed = task;
    const { taskId, attempts, durationMs, error } = record;
    this.#parts.tell({ kind: "taskFailed", taskId, attempts, durationMs, error: error! });
    this.#endInWave(task, false);
  }

  skip(task: number, error: Error): void {
    this.#skip(this.record(task), error);
    this.#endInWave(task, false);
  }

  /** What came of all of it. */
  close(): ExecutionResult {
    const { arrangement: { tasks, stuck }, waves } = this.#parts;
    const records = [...tasks, ...stuck];
    const completed = records.filter(({ status }) => status === "COMPLETED");
    const failed = records.filter(({ status }) => status === "FAILED");
    const result = new ExecutionResult({
      executionId: this.#id,
      totalTasks: records.length,
      successfulTasks: completed.length,
      failedTasks: failed.length,
      totalWaves: waves.length,
      totalDurationMs: performance.now() - this.#begunMs,
      sequentialDurationMs: records.reduce((sum, { durationMs }) => sum + durationMs, 0),
      taskResults: Object.fromEntries(completed.map(({ taskId, result }) => [taskId, result])),
      taskErrors: Object.fromEntries(failed.map(({ taskId, error }) => [taskId, error!])),
      waveSummary: waves.map((wave) => wave.summary()),
    });
    this.#parts.tell({ kind: "executionEnded", result });
    return result;
  }

  #skip(record: TaskRecord, error: Error): void {
    record.status = "FAILED";
    record.error = error;
    this.#parts.tell({ kind: "taskSkipped", taskId: record.taskId, error });
  }

  #endInWave(task: number, isCompleted: boolean): void {
    const { waves, tell } = this.#parts;
    const wave = this.waveOf(task);
    if (!wave.end(isCompleted)) return;
    const { waveNumber, durationMs, status } = wave;
    tell({ kind: "waveEnded", waveNumber, durationMs, failed: status === "FAILED" });
    while (this.#wavesOver < waves.length && waves[this.#wavesOver].isOver) this.#wavesOver++;
  }
}
