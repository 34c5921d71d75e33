/**
 * Owns the command `troupe retry`: what of a recorded run did not pass is run again, with the commands stored there.
 * It runs nothing itself.
 *
 * @module
 */
import type { HistoryView, RunRecord } from "../actors/history_queries.ts";
import { Reporter } from "../actors/reporter.ts";
import type { TaskRunInput } from "../actors/task_run.ts";
import { buildGraph } from "../graph/graph.ts";
import { retryLine } from "../graph/run_report.ts";
import { buildCommand } from "./build.ts";
import { DEFAULT_DATABASE, parseRun } from "./database_flag.ts";
import { databaseOf, findRun, openView } from "./history.ts";
import { LOAD_FLAGS, parseFlags } from "./options.ts";
import { runAndReport } from "./run.ts";

const RETRY_HELP = `Run again what did not pass in a recorded run: failed, timed-out and skipped tasks.
Tasks that passed are not run again, and count as done for those that need them.

Usage: troupe retry RUN [OPTIONS]

  RUN             its number, or 'last'

Options:
  -j, --jobs N    tasks at once (default: the CPUs this process may use)
      --timeout S seconds for a task that has no timeout of its own (default: that of the run)
      --max-load P, --max-memory P
                  as for troupe run
      --db PATH   the history (default: ${DEFAULT_DATABASE})
  -q, --quiet     show only what goes wrong
  -v, --verbose   show what tasks print as it comes
      --json      write the run to stdout as JSON, and all lines to stderr
  -h, --help      show this help
`;

/** Runs `troupe retry` and answers with the exit code. */
export async function retryCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("retry", args, {
    boolean: ["quiet", "verbose", "json", "help"],
    string: ["jobs", "timeout", "db", ...LOAD_FLAGS],
    alias: { j: "jobs", q: "quiet", v: "verbose", h: "help" },
    positional: 1,
  });
  if (flags.on.has("help")) {
    new Reporter({ lines: "stdout" }).result(RETRY_HELP.trimEnd());
    return 0;
  }
  const which = parseRun(flags.positional[0], "retry");
  const database = databaseOf(flags);
  let found: { run: RunRecord; set: ReturnType<HistoryView["retrySet"]> };
  {
    using view = await openView(flags);
    const run = findRun(view, which, database);
    found = { run, set: view.retrySet(run.id) };
  }
  const { run, set } = found;
  const skipped = set.tasks.filter(({ status }) => status === "skipped" || status === null).length;
  const opening = retryLine(run.id, { failed: set.tasks.length - skipped, skipped });
  if (set.tasks.length === 0) {
    new Reporter({ lines: flags.on.has("json") ? "stderr" : "stdout" }).line(opening);
    return 0;
  }
  if (run.kind === "build") {
    const tasks = set.tasks.map(({ name }) => `--task=${name}`);
    const given = [
      ...[...flags.on].map((name) => `--${name}`),
      ...[...flags.values].filter(([name]) => name !== "db").map(([name, value]) => `--${name}=${value}`),
    ];
    return await buildCommand([run.source, `--db=${database}`, ...tasks, ...given], {
      saysWhereSaved: true,
      opening,
      retryOf: run.id,
    });
  }
  return await runAndReport(inputOf(run, set), flags, { opening });
}

function inputOf(run: RunRecord, { tasks, passed }: ReturnType<HistoryView["retrySet"]>): TaskRunInput {
  const waiting = tasks.map((task) => ({
    ...task,
    dependencies: task.dependencies.filter((name) => !passed.has(name)),
  }));
  const { graph } = buildGraph(waiting);
  return { tasks: waiting, graph, folder: run.folder, source: run.source, retryOf: run.id };
}
