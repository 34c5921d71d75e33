/**
 * Owns the command `troupe batches`: which tasks it asks about, and what of the answer goes where. What it asks is
 * actors/commands/check.ts's.
 *
 * @module
 */
import { batches } from "../actors/commands/check.ts";
import { SETTINGS_FILE } from "../actors/load_gates.ts";
import { Reporter } from "../actors/reporter.ts";
import { batchLines } from "../graph/gates/text.ts";
import { GATE_FLAGS, question } from "./check.ts";
import { parseFlags } from "./options.ts";

const HELP = `Suggest batches of tasks that may each run together, one batch after another.

Usage: troupe batches [CONFIG] [TASK…] [OPTIONS]

  CONFIG            a build config or a task file (default: build.json)
  TASK…             only these tasks; what else they need counts as done

Options:
  -j, --jobs N      tasks that may run at once (default: max_parallel_tasks of the settings, or 5)
      --progressive begin with small batches: at most 2 tasks, then 3, then 5
      --gates FILE  the settings (default: ${SETTINGS_FILE} beside CONFIG, if there is one)
      --json        as JSON
  -h, --help        show this help
`;

/** Runs `troupe batches` and answers with the exit code. */
export async function batchesCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("batches", args, { ...GATE_FLAGS, boolean: [...GATE_FLAGS.boolean, "progressive"] });
  const reporter = new Reporter({ lines: "stdout" });
  if (flags.on.has("help")) {
    reporter.result(HELP.trimEnd());
    return 0;
  }
  const { file, options } = question(flags);
  const report = await batches(file, { ...options, progressive: flags.on.has("progressive") });
  reporter.result(flags.on.has("json") ? JSON.stringify(report, null, 2) : batchLines(report.batches).join("\n"));
  return 0;
}
