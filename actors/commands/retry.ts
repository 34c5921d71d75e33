/**
 * Owns a retry as a command, typed or called: what of a recorded run did not pass is run again, with the commands stored
 * there, or built again from its config. It runs nothing itself.
 *
 * @module
 */
import { buildGraph } from "../../graph/graph.ts";
import type { RunReport } from "../../graph/report/run_records.ts";
import { countRetries, retryLine } from "../../graph/report/run_report.ts";
import { HistoryView } from "../history/queries.ts";
import type { RetrySet, RunRecord } from "../history/records.ts";
import type { RunEnd } from "../build/build_run.ts";
import type { TaskRunEnd } from "../run/shell_run.ts";
import { askGates } from "./ask_gates.ts";
import { type BuildContext, buildFor } from "./build.ts";
import { asLibrary, type CallOptions, type Invocation } from "./invocation.ts";
import { findRun, statusOf } from "./recorded_run.ts";
import { DEFAULT_HISTORY } from "../../graph/report/typed_commands.ts";
import { runLoaded, type RunOptions } from "./run.ts";
import { InputError } from "../../graph/input/input_error.ts";
import type { TaskRunInput } from "../input/load_tasks.ts";
import { quote } from "../../graph/text.ts";
import type { BuildReport } from "../../graph/report/build_report.ts";

/** Choices for {@linkcode retry}. */
export interface RetryOptions
  extends CallOptions, Pick<RunOptions, "workers" | "timeoutMs" | "graceMs" | "loadLimits" | "locks" | "db"> {}

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
  const end = await asLibrary(options, (invocation) => retryFor(invocation, which, options));
  return end === undefined ? null : { ...end.report };
}

/** Retries for an invocation, and tells it how that ended; undefined when there is nothing to do. */
export async function retryFor(
  invocation: Invocation,
  which: number | "last",
  options: Omit<RetryOptions, keyof CallOptions> & Pick<BuildContext, "dbAs">,
): Promise<TaskRunEnd | RunEnd | undefined> {
  const { db = DEFAULT_HISTORY, timeoutMs, graceMs, workers, loadLimits, locks } = options;
  const { run, set } = await find(which, db);
  const opening = retryLine(run.id, countRetries(set.tasks.map((task) => ({ status: statusOf(task, run) }))));
  if (set.tasks.length === 0) {
    invocation.reporter.line(opening);
    return undefined;
  }
  if (run.kind === "run") {
    const validation = await askGates(run.source, { locks }, invocation);
    const limits = {
      workers,
      loadLimits,
      timeoutMs: timeoutMs ?? run.timeoutMs ?? undefined,
      graceMs,
      locks: validation?.locks,
    };
    return await runLoaded(invocation, inputOf(run, set), { ...limits, db, opening });
  }
  if (timeoutMs !== undefined) {
    throw new InputError(`Run #${run.id} is a build, whose timeouts are those of its config '${run.source}'`);
  }
  return await buildFor(invocation, run.source, {
    workers,
    loadLimits,
    graceMs,
    locks,
    tasks: set.tasks.map(({ name }) => name),
    db,
    dbAs: options.dbAs,
    saysWhereSaved: true,
    opening,
    retryOf: run.id,
  });
}

async function find(which: number | "last", database: string): Promise<{ run: RunRecord; set: RetrySet }> {
  using view = await HistoryView.open(database);
  const run = findRun(view, which, database);
  checkEnded(run, which);
  return { run, set: view.retrySet(run.id) };
}

/** What runs is not to be done a second time beside itself. Where that cannot be told, who gives the number knows. */
function checkEnded({ id, state, process }: RunRecord, which: number | "last"): void {
  if (state !== "running" || process === undefined) return;
  const { pid, host, liveness } = process;
  if (liveness === "alive") throw new InputError(`Run #${id} still goes on (process ${pid})`);
  if (which !== "last") return;
  const why = `whether process ${pid} on ${quote(host)} still runs cannot be told from here`;
  throw new InputError(`Run #${id} may still go on: ${why}; if it does not, retry it by its number`);
}

function inputOf(run: RunRecord, { tasks, passed }: RetrySet): TaskRunInput {
  const waiting = tasks.map((task) => ({
    ...task,
    dependencies: task.dependencies.filter((name) => !passed.has(name)),
  }));
  const { graph } = buildGraph(waiting);
  return { tasks: waiting, graph, folder: run.folder, source: run.source, retryOf: run.id };
}
