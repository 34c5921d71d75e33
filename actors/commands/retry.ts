/**
 * Owns a retry as a command, typed or called: what of a recorded run did not pass is run again, with the commands stored
 * there, or built again from its config. It runs nothing itself.
 *
 * @module
 */
import { buildGraph } from "../../graph/graph.ts";
import type { BuildReport } from "../../graph/report.ts";
import type { RunReport } from "../../graph/run_records.ts";
import { retryLine } from "../../graph/run_report.ts";
import { HistoryView, type RetrySet, type RunRecord } from "../history_queries.ts";
import { InputError } from "../input.ts";
import type { RunEnd } from "../system.ts";
import type { TaskRunEnd, TaskRunInput } from "../task_run.ts";
import { buildFor } from "./build.ts";
import { type Caller, type CallOptions, forProgram } from "./caller.ts";
import { DEFAULT_HISTORY, findRun } from "./recorded_run.ts";
import { runLoaded, type RunOptions } from "./run.ts";

/**
 * Choices for {@linkcode retry}.
 *
 * @example
 * ```ts
 * import { retry, type RetryOptions, run } from "./mod.ts";
 *
 * const options: RetryOptions = { db: "retried.db", workers: 1 };
 * await run("fixtures/tasks/pipeline.txt", options);
 * console.log(await retry("last", options)); // null, as all tasks passed
 * ```
 */
export interface RetryOptions extends CallOptions, Pick<RunOptions, "workers" | "timeoutMs" | "loadLimits" | "db"> {}

/**
 * Runs again what did not pass in a recorded run, as `troupe retry` does, and gives the report of `--json`: that of a
 * build if the run was one, and null if there is nothing to do.
 *
 * @example
 * ```ts
 * import { retry, run } from "./mod.ts";
 *
 * const first = await run("fixtures/tasks/failing.txt");
 * const second = await retry(first.id!);
 * if (second !== null && "tasks" in second) console.log(first.failed, second.failed);
 * ```
 *
 * @throws {InputError} When there is no such run, or an option is wrong.
 * @throws {DatabaseError} When there is no such history, or it cannot be read.
 */
export async function retry(
  which: number | "last",
  options: RetryOptions = {},
): Promise<RunReport | BuildReport | null> {
  const end = await forProgram(options, (caller) => retryFor(caller, which, options));
  return end === undefined ? null : end.report;
}

/** Retries for a caller, and tells it how that ended; undefined when there is nothing to do. */
export async function retryFor(
  caller: Caller,
  which: number | "last",
  options: Omit<RetryOptions, keyof CallOptions>,
): Promise<TaskRunEnd | RunEnd | undefined> {
  const { db = DEFAULT_HISTORY, timeoutMs, workers, loadLimits } = options;
  const { run, set } = await find(which, db);
  const skipped = set.tasks.filter(({ status }) => status === "skipped" || status === null).length;
  const opening = retryLine(run.id, { failed: set.tasks.length - skipped, skipped });
  if (set.tasks.length === 0) {
    caller.reporter.line(opening);
    return undefined;
  }
  if (run.kind === "run") {
    return await runLoaded(caller, inputOf(run, set), { workers, loadLimits, timeoutMs, db, opening });
  }
  if (timeoutMs !== undefined) {
    throw new InputError(`Run #${run.id} is a build, whose timeouts are those of its config '${run.source}'`);
  }
  return await buildFor(caller, run.source, {
    workers,
    loadLimits,
    tasks: set.tasks.map(({ name }) => name),
    db,
    saysWhereSaved: true,
    opening,
    retryOf: run.id,
  });
}

async function find(which: number | "last", database: string): Promise<{ run: RunRecord; set: RetrySet }> {
  using view = await HistoryView.open(database);
  const run = findRun(view, which, database);
  return { run, set: view.retrySet(run.id) };
}

function inputOf(run: RunRecord, { tasks, passed }: RetrySet): TaskRunInput {
  const waiting = tasks.map((task) => ({
    ...task,
    dependencies: task.dependencies.filter((name) => !passed.has(name)),
  }));
  const { graph } = buildGraph(waiting);
  return { tasks: waiting, graph, folder: run.folder, source: run.source, retryOf: run.id };
}
