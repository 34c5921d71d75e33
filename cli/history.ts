/**
 * Owns the commands `troupe history`, `troupe show` and `troupe retry`: what of the history they ask for and show.
 * The questions are actors/history_queries.ts's, the words graph/run_report.ts's.
 *
 * @module
 */
import { DatabaseError } from "../actors/database_error.ts";
import { History } from "../actors/history.ts";
import { HistoryView, type RunRecord as StoredRun, type TaskRecord as StoredTask } from "../actors/history_queries.ts";
import { InputError } from "../actors/input.ts";
import { Reporter } from "../actors/reporter.ts";
import {
  historyLines,
  type RunRecord,
  showRunLines,
  showTaskLines,
  type TaskRecord,
  unknownRunLine,
  unknownTaskLine,
} from "../graph/run_report.ts";
import { DEFAULT_DATABASE, parseRun } from "./database_flag.ts";
import { type Flags, parseFlags, wholeNumber } from "./options.ts";

const HISTORY_HELP = `List recorded runs, newest first.

Usage: troupe history [OPTIONS]

Options:
  -n, --limit N   how many runs (default: 20)
      --prune N   delete all runs but the newest N
      --db PATH   the history (default: ${DEFAULT_DATABASE})
      --json      as JSON
  -h, --help      show this help
`;

const SHOW_HELP = `Show a recorded run, or one of its tasks with what it printed.

Usage: troupe show RUN [OPTIONS]

  RUN             its number, or 'last'

Options:
  -t, --task NAME this task with its output
      --failed    only tasks that failed or timed out
      --db PATH   the history (default: ${DEFAULT_DATABASE})
      --json      as JSON
  -h, --help      show this help
`;

const DEFAULT_LIMIT = 20;

/** Runs `troupe history` and answers with the exit code. */
export async function historyCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("history", args, {
    boolean: ["json", "help"],
    string: ["limit", "prune", "db"],
    alias: { n: "limit", h: "help" },
    positional: 0,
  });
  const reporter = new Reporter({ lines: "stdout" });
  if (flags.on.has("help")) return print(reporter, HISTORY_HELP.trimEnd());
  const keep = wholeNumber(flags, "prune", 0, Number.MAX_SAFE_INTEGER);
  if (keep !== undefined) return await prune(keep, flags, reporter);
  const limit = wholeNumber(flags, "limit", 1, 1_000_000) ?? DEFAULT_LIMIT;
  using view = await openView(flags);
  const runs = view.recent(limit).map(wireRun);
  return print(reporter, flags.on.has("json") ? JSON.stringify({ runs }, null, 2) : historyLines(runs).join("\n"));
}

/** Runs `troupe show` and answers with the exit code. */
export async function showCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("show", args, {
    boolean: ["failed", "json", "help"],
    string: ["task", "db"],
    alias: { t: "task", h: "help" },
    positional: 1,
  });
  const reporter = new Reporter({ lines: "stdout" });
  if (flags.on.has("help")) return print(reporter, SHOW_HELP.trimEnd());
  const which = parseRun(flags.positional[0], "show");
  using view = await openView(flags);
  const stored = findRun(view, which, databaseOf(flags));
  const name = flags.values.get("task");
  if (name !== undefined) return print(reporter, showTask(view, stored, name, flags));
  const tasks = view.tasks(stored.id, flags.on.has("failed") ? "failed" : undefined)
    .map((task) => wireTask(task, stored));
  const run = { ...wireRun(stored), tasks };
  return print(reporter, flags.on.has("json") ? JSON.stringify(run, null, 2) : showRunLines(run).join("\n"));
}

/**
 * The run that a command names.
 *
 * @throws {InputError} When there is none.
 */
export function findRun(view: HistoryView, which: number | "last", database: string): StoredRun {
  const run = view.run(which);
  if (run !== undefined) return run;
  throw new InputError(which === "last" ? `No runs recorded yet in '${database}'` : unknownRunLine(which, database));
}

/**
 * The history that the flags name, for looking.
 *
 * @throws {InputError} When there is none or it cannot be read.
 */
export async function openView(flags: Flags): Promise<HistoryView> {
  return await asInput(() => HistoryView.open(databaseOf(flags)));
}

/** The path of the history that the flags name. */
export function databaseOf(flags: Flags): string {
  return flags.values.get("db") ?? DEFAULT_DATABASE;
}

function showTask(view: HistoryView, run: StoredRun, name: string, flags: Flags): string {
  const task = view.task(run.id, name);
  if (task === undefined) {
    throw new InputError(unknownTaskLine(name, { id: run.id, known: view.tasks(run.id).map((other) => other.name) }));
  }
  const decoder = new TextDecoder();
  const wire = {
    ...wireTask(task, run),
    run_id: run.id,
    stdout: decoder.decode(task.stdout ?? undefined),
    stderr: decoder.decode(task.stderr ?? undefined),
  };
  return flags.on.has("json") ? JSON.stringify(wire, null, 2) : showTaskLines(wire).join("\n");
}

async function prune(keep: number, flags: Flags, reporter: Reporter): Promise<number> {
  return await asInput(async () => {
    // Opening it for looking first, so that asking for a history that is not there does not make one.
    (await HistoryView.open(databaseOf(flags))).close();
    using history = await History.open(databaseOf(flags), (sentence) => reporter.error(sentence));
    const { runs } = await history.prune(keep);
    return print(reporter, `Deleted ${runs} run${runs === 1 ? "" : "s"}, kept the newest ${keep}`);
  });
}

async function asInput<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DatabaseError) throw new InputError(error.message);
    throw error;
  }
}

function print(reporter: Reporter, text: string): number {
  return reporter.result(text) ? 0 : 1;
}

function wireRun(run: StoredRun): RunRecord {
  return {
    id: run.id,
    started_at: run.startedAt,
    finished_at: run.finishedAt,
    duration_ms: run.durationMs,
    total_tasks: run.totalTasks,
    passed: run.passed,
    failed: run.failed,
    timeout: run.timeouts,
    skipped: run.skipped,
    interrupted: run.state === "interrupted",
  };
}

/** A task without an end was cut off (it failed) or never came to its turn (it was skipped). */
function wireTask(task: StoredTask, run: StoredRun): TaskRecord {
  const isUnended = task.status === null;
  const why = run.state === "running" ? "not finished" : "interrupted";
  const isInterrupted = task.status === "skipped" && run.interruptedBy !== null;
  return {
    name: task.name,
    command: task.command,
    status: task.status ?? (task.startedAt === null || run.state === "running" ? "skipped" : "failed"),
    exit_code: task.exitCode,
    started_at: task.startedAt,
    finished_at: task.finishedAt,
    duration_ms: task.durationMs,
    ...(isUnended || isInterrupted ? { skip_reason: why } : {}),
  };
}
