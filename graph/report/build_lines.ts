/**
 * Owns the words of a build: the line for each thing that happens, and the last ones.
 * It prints nothing and colours nothing.
 *
 * @module
 */
import { escapeControls, listed, quote } from "../text.ts";
import type { BuildReport } from "./build_report.ts";

/** So many paths stand in one line. */
const MOST_PATHS = 5;

/** What belongs to no task any more. */
export function staleLine(paths: readonly string[], config: string): string {
  const { length } = paths;
  const start = length === 1 ? "1 artifact belongs to no task of" : `${length} artifacts belong to no task of`;
  return `${start} '${escapeControls(config)}' any more: ${listed(paths, MOST_PATHS)}`;
}

/** What was done and is not remembered, since nobody knows what it saw: by the name of a task, a file that it reads. */
export function changedLine(changed: ReadonlyMap<string, string>): string {
  const [name] = changed.keys(), { size } = changed, paths = listed([...new Set(changed.values())], MOST_PATHS);
  return size === 1
    ? `What task ${quote(name)} reads was changed while it ran: ${paths}; the next build does it again`
    : `What ${size} tasks read was changed while they ran: ${paths}; the next build does them again`;
}

/** Seconds with two decimals. */
export function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

export function startedLine(worker: number, task: string, dependencies: readonly string[]): string {
  const deps = dependencies.length === 0 ? "none" : dependencies.join(", ");
  return `Worker ${worker}: Started task '${task}' (dependencies: ${deps})`;
}

export function completedLine(worker: number, task: string, durationMs: number, artifact: string): string {
  return `Worker ${worker}: Completed task '${task}' in ${seconds(durationMs)}s (artifact: ${artifact})`;
}

/** A task that no worker had (its source cannot be read) fails at the scheduler. */
export function failedLine(worker: number | null, task: string, durationMs: number, error: string): string {
  return `${actor(worker)}: Failed task '${task}' after ${seconds(durationMs)}s (error: ${error})`;
}

/** A task that was ended before its time, as the build was stopped. */
export function cancelledLine(
  worker: number | null,
  task: string,
  { durationMs, isAgain = false }: { readonly durationMs: number; readonly isAgain?: boolean },
): string {
  const why = isAgain ? ", since what it reads has changed" : "";
  return `${actor(worker)}: Cancelled task '${task}' after ${seconds(durationMs)}s${why}`;
}

function actor(worker: number | null): string {
  return worker === null ? "Scheduler" : `Worker ${worker}`;
}

export function cacheHitLine(task: string, artifact: string): string {
  return `Task '${task}' skipped: cache hit (artifact: ${artifact})`;
}

/** A task whose artifact came out of the store, with what was printed when it was made. */
export function restoredLine(task: string, artifact: string, isRemote = false): string {
  return `Task '${task}' restored: ${isRemote ? "remote" : "store"} hit (artifact: ${artifact})`;
}

export function reasonLine(task: string, reason: string): string {
  return `Task '${task}' must run: ${reason}`;
}

/** So many running tasks are named in a progress line. */
const MOST_RUNNING = 2;

/** All five numbers add up to the total; what went wrong is told only where something did. */
export function progressLine(counts: {
  readonly done: number;
  readonly total: number;
  readonly running: number;
  readonly pending: number;
  readonly failed?: number;
  readonly skipped?: number;
  /** What runs, in any order. */
  readonly busy?: readonly { readonly task: string; readonly elapsedMs: number }[];
}): string {
  const { done, total, running, pending, failed = 0, skipped = 0, busy = [] } = counts;
  const bad = `${failed > 0 ? `, ${failed} failed` : ""}${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  return `Progress: ${done}/${total} tasks completed, ${running} running, ${pending} pending${bad}${busyPart(busy)}`;
}

/** The tasks that run longest, as they are what holds all up. */
function busyPart(busy: readonly { readonly task: string; readonly elapsedMs: number }[]): string {
  if (busy.length === 0) return "";
  const named = busy.toSorted((one, other) => other.elapsedMs - one.elapsedMs).slice(0, MOST_RUNNING)
    .map(({ task, elapsedMs }) => `${escapeControls(task)} ${wholeSeconds(elapsedMs)}`);
  const more = busy.length > MOST_RUNNING ? [`+${busy.length - MOST_RUNNING}`] : [];
  return ` (${[...named, ...more].join(", ")})`;
}

function wholeSeconds(ms: number): string {
  const s = Math.floor(ms / 1000), minutes = Math.floor(s / 60);
  if (minutes === 0) return `${s}s`;
  if (minutes < 60) return `${minutes}m${String(s % 60).padStart(2, "0")}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, "0")}m`;
}

export function summaryLine(report: BuildReport): string {
  return `Build completed in ${
    report.total_duration.toFixed(2)
  }s: ${report.completed} succeeded, ${report.failed} failed, ${report.skipped} skipped${cancelledPart(report)}`;
}

/** How many of the skipped ones were cancelled, where any were. */
export function cancelledPart({ cancelled = 0 }: { readonly cancelled?: number }): string {
  return cancelled > 0 ? ` (${cancelled} cancelled)` : "";
}

/** The end of a transaction that came to nothing. */
export function rolledBackLine(artifacts: number): string {
  return `Rolled back: ${asBefore(artifacts)} the build`;
}

/** What a build says first after one that was killed in a transaction. */
export function undoneLine(artifacts: number): string {
  return `Undid an unfinished transaction: ${asBefore(artifacts)} it`;
}

function asBefore(artifacts: number): string {
  return artifacts === 1 ? "1 artifact is as it was before" : `${artifacts} artifacts are as they were before`;
}

/** The line that stands for what was not kept of a command's output. */
export function droppedLine(bytes: number): string {
  return `[${bytes} bytes dropped]`;
}

/** So much of a stream is shown of what a task printed, unless all is asked for: a line alone may fill many screens. */
export const MOST_SHOWN = { lines: 40, bytes: 32 * 1024 } as const;

/** The line above the end of a stream, by what it was cut to; `where` is the command that shows more. */
export function lastLinesLine(cut: "lines" | "bytes", where: string | undefined): string {
  const what = cut === "lines" ? `${MOST_SHOWN.lines} lines` : `${MOST_SHOWN.bytes / 1024} KiB`;
  return `[the last ${what}; ${where === undefined ? "--verbose shows more" : `more: ${where}`}]`;
}
