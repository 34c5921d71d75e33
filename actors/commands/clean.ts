/**
 * Owns cleaning as a command, typed or called: which tasks' artifacts are meant, the turn in the folder, and the lines.
 * What may be deleted is actors/build/cleaning.ts's to say.
 *
 * @module
 */
import { cleanLines, type CleanReport } from "../../graph/report/clean_report.ts";
import { InputError } from "../../graph/input/input_error.ts";
import { quote } from "../../graph/text.ts";
import { BuildCache } from "../build/build_cache.ts";
import { takeLock, undoUnfinished } from "../build/build_turn.ts";
import { cleanArtifacts } from "../build/cleaning.ts";
import { indexesOf } from "../input/input.ts";
import { loadBuild } from "../input/load.ts";
import { refuseOwnBuild } from "../process/build_chain.ts";
import { awaitCommandsOf } from "../process/watchdog.ts";
import { asLibrary, type CallOptions, type Invocation } from "./invocation.ts";

/** Choices for {@linkcode clean}. */
export interface CleanOptions extends CallOptions {
  /** Names of the tasks whose artifacts are deleted, and patterns; default all, and artifacts of no task any more. */
  readonly tasks?: readonly string[];
  /** Delete only artifacts of tasks that are no longer in the config; default false. */
  readonly stale?: boolean;
  /** Delete nothing, and tell what would be; default false. */
  readonly dryRun?: boolean;
}

/**
 * Deletes the artifacts that builds of a config have made and nobody has edited since, and gives the report of
 * `troupe clean --json`.
 *
 * @example
 * ```ts
 * import { build, clean } from "./mod.ts";
 *
 * await build("fixtures/site/build.json");
 * const { deleted, kept } = await clean("fixtures/site/build.json", { dryRun: true });
 * console.log(deleted.map(({ path }) => path), kept);
 * ```
 *
 * @throws {InputError} When the config or one of the names in `tasks` is wrong, or the folder cannot be locked.
 */
export async function clean(file: string, options: CleanOptions = {}): Promise<CleanReport> {
  return await asLibrary(options, (invocation) => cleanFor(invocation, file, options));
}

/** Cleans for an invocation, and tells it what was done. */
export async function cleanFor(
  { reporter, level, stop }: Invocation,
  file: string,
  { tasks: names = [], stale = false, dryRun: isDryRun = false }: Omit<CleanOptions, keyof CallOptions>,
): Promise<CleanReport> {
  if (stale && names.length > 0) {
    throw new InputError(`--stale is for artifacts of no task any more: leave out it or ${quote(names[0])}`);
  }
  const build = await loadBuild(file);
  const tasks = stale
    ? []
    : names.length === 0
    ? build.tasks
    : indexesOf(names, build.tasks).map((at) => build.tasks[at]);
  refuseOwnBuild(build.folder);
  const lock = isDryRun ? undefined : await takeLock(build, { reporter, stop, toDo: "cleaning" });
  // What a killed build has left in temporary files is for the next build to look at
  const left = lock?.leftBehind ? "unclean" as const : undefined;
  try {
    if (lock?.leftBy !== undefined) await awaitCommandsOf(lock.leftBy);
    if (!isDryRun) await undoUnfinished(build.folder, { isLocked: true, reporter });
    const { cache, warning } = BuildCache.load(build.folder);
    using _files = cache.files;
    if (warning !== undefined) reporter.error(warning);
    const choices = { tasks, stale: stale || names.length === 0, isDryRun, stop };
    const report = { file, dry_run: isDryRun, ...await cleanArtifacts(build, cache, choices) };
    for (const { path, error } of report.failed) reporter.error(`Cannot delete ${quote(path)}: ${error}`);
    if (level !== "quiet") {
      for (const line of cleanLines(report, { isFull: level === "verbose" })) reporter.line(line);
    }
    return report;
  } finally {
    lock?.release(left);
  }
}
