/**
 * Owns what the columns of a history hold, for whoever reads rows of it: SQLite keeps whatever another program writes there.
 * The names are those that the queries give the columns.
 *
 * @module
 */
import type { RowShape, Words } from "../storage/stored_json.ts";

const STATUSES: Words = new Set(["passed", "failed", "skipped", "timeout"]);
const OUTCOMES: Words = new Set(["passed", "failed", "timeout", "cancelled"]);
const WAYS: Words = new Set(["executed", "restored", "copied", "fresh"]);

/** A run. */
export const RUN_ROW: RowShape = {
  startedAt: ["runs.started_at", "time"],
  finishedAt: ["runs.finished_at", "number"],
  durationMs: ["runs.duration_ms", "number"],
  totalTasks: ["runs.total_tasks", "number"],
  passed: ["runs.passed", "number"],
  failed: ["runs.failed", "number"],
  skipped: ["runs.skipped", "number"],
  timeouts: ["runs.timeouts", "number"],
  cancelled: ["runs.cancelled", "number"],
  interruptedBy: ["runs.interrupted", "string"],
  kind: ["runs.kind", new Set(["run", "build"])],
  source: ["runs.source", "string"],
  folder: ["runs.folder", "string"],
  retryOf: ["runs.retry_of", "number"],
  host: ["runs.host", "string"],
  pid: ["runs.pid", "number"],
  birth: ["runs.process_birth", "string"],
  timeoutMs: ["runs.timeout_ms", "number"],
};

/** How a task of a run stands. */
export const TASK: RowShape = {
  name: ["definitions.name", "string"],
  command: ["definitions.command", "string"],
  retries: ["definitions.retries", "number"],
  status: ["tasks.status", STATUSES],
  exitCode: ["tasks.exit_code", "number"],
  startedAt: ["tasks.started_at", "number"],
  finishedAt: ["tasks.finished_at", "number"],
  durationMs: ["tasks.duration_ms", "number"],
  error: ["tasks.error", "string"],
  signal: ["tasks.signal", "string"],
  attempts: ["tasks.attempts", "number"],
};

/** What a retry does again. */
export const DEFINITION: RowShape = {
  name: TASK.name,
  command: TASK.command,
  retries: TASK.retries,
  timeoutMs: ["definitions.timeout_ms", "number"],
  graceMs: ["definitions.grace_ms", "number"],
  status: TASK.status,
  startedAt: TASK.startedAt,
};

/** An attempt, as any of the queries has it. */
export const ATTEMPT: RowShape = {
  task: ["attempts.task", "string"],
  attempt: ["attempts.attempt", "number"],
  outcome: ["attempts.outcome", OUTCOMES],
  how: ["attempts.how", WAYS],
  started_us: ["attempts.started_us", "number"],
  startedUs: ["attempts.started_us", "number"],
  ended_us: ["attempts.ended_us", "number"],
  endedUs: ["attempts.ended_us", "number"],
  worker: ["attempts.worker", "number"],
  host: ["attempts.host", "string"],
  exit_code: ["attempts.exit_code", "number"],
  signal: ["attempts.signal", "string"],
  reason: ["attempts.reason", "string"],
  error: ["attempts.error", "string"],
  fingerprint: ["attempts.fingerprint", "string"],
  cpu_us: ["attempts.cpu_us", "number"],
  max_rss_kb: ["attempts.max_rss_kb", "number"],
  name: ["definitions.name", "string"],
  dependencies: ["definitions.dependencies", "string"],
};
