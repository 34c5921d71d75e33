/**
 * Owns the words for how a task of a run ended, for its line and for the pages of the history.
 *
 * @module
 */
import { unreachable } from "../task.ts";
import { escapeControls } from "../text.ts";
import { cancelledPart } from "./build_lines.ts";
import type { RunCounts, TaskRecord } from "./run_records.ts";

/** What a line needs to know of a task. */
export type EndedTask =
  & Pick<TaskRecord, "name" | "command" | "status" | "duration_ms" | "skip_reason">
  & Partial<Pick<TaskRecord, "attempts" | "max_attempts">>;

/** Between a name and its status. */
export const LEAST_DOTS = 3;

const BREAKS = /\r\n|[\t\n\v\f\r\x85\p{Zl}\p{Zp}]/gu;

/** Seconds with one decimal, or two below a tenth of a second. */
export function secondsText(ms: number): string {
  // A clock that was set back must not show as less than nothing.
  const seconds = Math.max(0, ms) / 1000;
  return `${seconds.toFixed(seconds < 0.1 ? 2 : 1)}s`;
}

export function countsText(counts: RunCounts): string {
  const { passed, failed, timeout, skipped } = counts;
  const ended = [`${passed} passed`];
  // Timeouts are shown apart, and then nobody needs to read that no other task failed.
  if (failed > timeout || timeout === 0) ended.push(`${failed - timeout} failed`);
  if (timeout > 0) ended.push(`${timeout} timeout`);
  return [...ended, `${skipped} skipped${cancelledPart(counts)}`].join(", ");
}

/** The status with the time it took, if it took any and that is known. */
export function outcome(task: EndedTask): string {
  switch (task.status) {
    case "passed":
    case "failed":
    case "timeout":
    case "cancelled":
      return withParts(statusText(task), [...attemptParts(task), secondsText(task.duration_ms ?? 0)]);
    default:
      return statusText(task);
  }
}

/** Said only of tasks that were tried more than once. */
export function attemptParts(
  { status, attempts = 1, max_attempts = 1 }: Omit<EndedTask, "name" | "command">,
): string[] {
  if (attempts < 2 || status === "skipped") return [];
  return [attempts > max_attempts ? `attempt ${attempts}` : `attempt ${attempts} of ${max_attempts}`];
}

export function withParts(status: string, parts: readonly string[]): string {
  return parts.length === 0 ? status : `${status} (${parts.join(", ")})`;
}

export function statusText({ status, skip_reason }: Pick<EndedTask, "status" | "skip_reason">): string {
  switch (status) {
    case "passed":
      return "PASSED";
    case "failed":
      return "FAILED";
    case "timeout":
      return "TIMEOUT";
    case "skipped":
      return `SKIPPED (${skip_reason ?? "dependency failed"})`;
    case "cancelled":
      return "CANCELLED";
    case "running":
      return "RUNNING";
    case "pending":
      return "PENDING";
    case "interrupted":
      return "INTERRUPTED";
    default:
      return unreachable(status);
  }
}

/** Line ends and tabs as blanks, other control characters made visible: a command may not move the reader's cursor. */
export function oneLine(text: string): string {
  return escapeControls(text.replace(BREAKS, " "));
}

/** Why a task failed, in as few words as its status leaves to be said. */
export function reasonParts(task: Pick<TaskRecord, "status" | "exit_code" | "signal" | "error">): string[] {
  const { status, exit_code, signal, error } = task;
  if (status !== "passed" && status !== "failed" && status !== "timeout") return [];
  if (exit_code !== null) return [`exit code ${exit_code}`];
  if (signal !== null) return [`ended by signal ${signal}`];
  if (!error || status === "passed") return [];
  const [first, second] = error;
  const reason = error.replace(/^Timed out (?=after )/, "");
  // The name of a thing, such as SIGTERM, keeps its capitals.
  const isWord = reason === error && second === second?.toLowerCase();
  return [oneLine((isWord ? first.toLowerCase() + error.slice(1) : reason).split("\n", 1)[0])];
}

export function printed(text: string): string[] {
  return text === "" ? [] : [text.replace(/\r?\n$/, "")];
}
