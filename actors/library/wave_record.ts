/**
 * Owns one wave of an execution: how many of its tasks have yet to end, and what that makes of it.
 *
 * @module
 */
import type { TaskStatus, Wave, WaveSummary } from "../../graph/library/execution_report.ts";

/** A wave, to be changed by the execution it is in. */
export class WaveRecord implements Wave {
  readonly createdAt = new Date();
  status: TaskStatus = "PENDING";
  durationMs = 0;
  #begunMs = 0;
  #left: number;
  #hasFailed = false;

  constructor(readonly waveNumber: number, readonly taskIds: readonly string[]) {
    this.#left = taskIds.length;
  }

  get isOver(): boolean {
    return this.#left === 0;
  }

  /** Before another execution. */
  reset(): void {
    this.status = "PENDING";
    this.durationMs = 0;
    this.#left = this.taskIds.length;
    this.#hasFailed = false;
  }

  /** A task of it starts; answers whether it is the first one. */
  begin(): boolean {
    if (this.status !== "PENDING") return false;
    this.status = "IN_PROGRESS";
    this.#begunMs = performance.now();
    return true;
  }

  /** A task of it has ended; answers whether it was the last one. */
  end(isCompleted: boolean): boolean {
    if (!isCompleted) this.#hasFailed = true;
    if (--this.#left > 0) return false;
    // None may have started, because all were skipped.
    if (this.status === "IN_PROGRESS") this.durationMs = performance.now() - this.#begunMs;
    this.status = this.#hasFailed ? "FAILED" : "COMPLETED";
    return true;
  }

  summary(): WaveSummary {
    const { waveNumber, durationMs, taskIds } = this;
    return { waveNumber, taskCount: taskIds.length, durationMs, taskIds };
  }
}
