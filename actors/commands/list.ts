/**
 * Owns the list of tasks as a command, typed or called: what each is for, how it stands, and how long it takes. Nothing is
 * run or written.
 *
 * @module
 */
import { basename } from "@std/path/posix/basename";
import { type ListedTask, type ListReport, type Past, pastsOf, stateOf } from "../../graph/report/task_list.ts";
import { outputText } from "../../graph/outputs.ts";
import { DatabaseError } from "../storage/database_error.ts";
import { HistoryView } from "../history/queries.ts";
import { indexesOf, isConfig } from "../input/input.ts";
import { loadBuild } from "../input/load.ts";
import { loadTasks } from "../input/load_tasks.ts";
import type { Reporter } from "../terminal/reporter.ts";
import { asLibrary, type CallOptions } from "./invocation.ts";
import { prospectsOf } from "./prospects.ts";
import { DEFAULT_HISTORY } from "../../graph/report/typed_commands.ts";
import type { Prospect } from "../../graph/report/build_report.ts";

/** So many attempts tell the last one of nearly every task; those of one whole run of all, at least. */
const ENOUGH_ATTEMPTS = 5000;

/** Choices for {@linkcode list}. */
export interface ListOptions extends Pick<CallOptions, "log"> {
  /** Names of the tasks to list, and patterns; default all. */
  readonly tasks?: readonly string[];
  /** Path of the history; default `taskrun.db`. */
  readonly db?: string;
}

/**
 * The tasks of a build config or a task file, with how each stands: the report of `troupe list --json`.
 *
 * @example
 * ```ts
 * import { list } from "./mod.ts";
 *
 * for (const { name, state, reason } of (await list("fixtures/site/build.json")).tasks) console.log(name, state, reason);
 * ```
 *
 * @throws {InputError} When the file or one of the names in `tasks` is wrong.
 */
export async function list(file: string, options: ListOptions = {}): Promise<ListReport> {
  return await asLibrary({ log: options.log }, ({ reporter }) => listFor(reporter, file, options));
}

/** Lists for an invocation, which is told what is wrong with the history. */
export async function listFor(
  reporter: Reporter,
  file: string,
  { tasks: names = [], db = DEFAULT_HISTORY }: Omit<ListOptions, "log">,
): Promise<ListReport> {
  if (isConfig(file)) {
    const build = await loadBuild(file, names);
    const { of, stale } = await prospectsOf(build, reporter, { own: [db] });
    const pasts = await recall(reporter, db, { source: build.source, kind: "build", tasks: build.tasks.length });
    const wanted = wantedOf(names, build.tasks);
    return {
      file,
      tasks: wanted.map((index) => {
        const task = build.tasks[index];
        return listed({ ...task, outputs: task.outputs.map(outputText) }, of[index], pasts.get(task.name));
      }),
      ...(stale.length === 0 ? {} : { stale_artifacts: stale }),
    };
  }
  const { tasks, source, warnings = [] } = loadTasks(file, names);
  for (const warning of warnings) reporter.error(warning);
  const pasts = await recall(reporter, db, { source, kind: "run", tasks: tasks.length });
  const wanted = wantedOf(names, tasks);
  return { file, tasks: wanted.map((index) => listed(tasks[index], undefined, pasts.get(tasks[index].name))) };
}

/** Names alone, which takes no look at anything else. */
export async function namesFor(file: string, names?: readonly string[]): Promise<string[]> {
  return (await declaredIn(file, names)).map(({ name }) => name);
}

/** Their tags alone, each once. */
export async function tagsFor(file: string, names?: readonly string[]): Promise<string[]> {
  return [...new Set((await declaredIn(file, names)).flatMap(({ tags = [] }) => tags))];
}

type Worded = Pick<Declared, "name" | "tags">;

async function declaredIn(file: string, names: readonly string[] = []): Promise<Worded[]> {
  const { tasks }: { readonly tasks: readonly Worded[] } = isConfig(file)
    ? await loadBuild(file, names)
    : loadTasks(file, names);
  return wantedOf(names, tasks).map((index) => tasks[index]);
}

/** What others need is loaded with them, but was not asked for. */
function wantedOf(names: readonly string[], tasks: readonly { readonly name: string }[]): number[] {
  return names.length === 0 ? tasks.map((_, index) => index) : indexesOf(names, tasks).sort((a, b) => a - b);
}

interface Declared {
  readonly name: string;
  readonly description?: string;
  readonly dependencies: readonly string[];
  readonly after?: readonly string[];
  readonly tags?: readonly string[];
  readonly outputs?: readonly string[];
}

function listed(
  { name, description, dependencies, after, tags, outputs }: Declared,
  prospect: Prospect | undefined,
  { last, usual_duration, flaky }: Past = { last: null, usual_duration: null, flaky: null },
): ListedTask {
  return {
    name,
    description: description ?? null,
    ...(tags === undefined ? {} : { tags }),
    output_artifact: outputs?.length === 1 ? outputs[0] : null,
    outputs: outputs ?? null,
    dependencies,
    ...(after === undefined ? {} : { after }),
    ...stateOf(prospect, last),
    last,
    usual_duration,
    flaky,
  };
}

/** What the history knows of the tasks of a file; nothing where there is none. */
async function recall(
  reporter: Reporter,
  db: string,
  { source, kind, tasks }: { readonly source: string; readonly kind: "build" | "run"; readonly tasks: number },
): Promise<Map<string, Past>> {
  try {
    using view = await HistoryView.open(db);
    return pastsOf(view.ended(source, kind, Math.max(tasks, ENOUGH_ATTEMPTS)));
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    // One of another name was meant by somebody.
    if (error.kind !== "missing" || basename(db) !== DEFAULT_HISTORY) reporter.error(error.message);
    return new Map();
  }
}
