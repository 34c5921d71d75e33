/**
 * Owns the asking of the gates as commands, typed or called: whether tasks may run together, and which batches of them
 * may. The answers are graph/gates/'s.
 *
 * @module
 */
import type { GateReport, Verdict } from "../../graph/gates/findings.ts";
import { GateError } from "../../graph/gates/gate_task.ts";
import type { LogLevel } from "../../graph/gates/settings.ts";
import { indexesOf } from "../input/input.ts";
import { type OpenedGates, openGates, type OpenGatesOptions } from "./load_gates.ts";
import { checkWhole } from "./invocation.ts";
import { InputError } from "../../graph/input/input_error.ts";

/** More tasks at once than anyone asks about. */
export const MOST_PARALLEL = 10_000;

/** Choices for {@linkcode check}. */
export interface CheckOptions {
  /** Names, and patterns, of tasks that are to be started at the same time; default the whole file, in the order of its dependencies. */
  readonly tasks?: readonly string[];
  /** How many may run at once; default that of the settings, or 5. */
  readonly maxParallelTasks?: number;
  /** Path of the settings; default `parallel-execution.json` beside the file, if there is one. */
  readonly gates?: string;
  /** Path of a history or a crew's database that tells what runs now; default `taskrun.db` and `crew.sqlite`, if there. */
  readonly db?: string;
}

/** Choices for {@linkcode batches}. */
export interface BatchesOptions extends CheckOptions {
  /** Begin with small batches: at most 2 tasks, then 3, then 5; default false. */
  readonly progressive?: boolean;
}

/** Batches of tasks, as `troupe batches --json` shows them. */
export interface BatchesReport {
  /** Names of tasks that may run together, one batch after another. */
  readonly batches: readonly (readonly string[])[];
}

/**
 * Whether tasks of a build config or a task file may run together, and what to do where they may not: the report of
 * `troupe check --json`.
 *
 * @example
 * ```ts
 * import { check } from "./mod.ts";
 *
 * const { can_parallel, recommendations } = await check("fixtures/site/build.json");
 * console.log(can_parallel, recommendations);
 * ```
 *
 * @throws {InputError} When the file, the settings, an option or one of the names in `tasks` is wrong.
 */
export async function check(file: string, options: CheckOptions = {}): Promise<GateReport> {
  return (await verdictOn(file, options)).verdict.report;
}

/**
 * Batches of tasks of a build config or a task file that may each run together: the report of `troupe batches --json`.
 *
 * @example
 * ```ts
 * import { batches } from "./mod.ts";
 *
 * for (const names of (await batches("fixtures/site/build.json")).batches) console.log(names.join(", "));
 * ```
 *
 * @throws {InputError} As {@linkcode check} does, and where tasks wait for each other in a cycle.
 */
export async function batches(file: string, options: BatchesOptions = {}): Promise<BatchesReport> {
  return await batchesFor(file, options);
}

/** The same for who may stand below the config. */
export async function batchesFor(file: string, options: BatchesOptions & Standing): Promise<BatchesReport> {
  const { gates, names } = await open(file, options);
  const { progressive = false } = options;
  return { batches: asInput(() => gates.suggestExecutionBatches(names, { progressive })) };
}

/** Where somebody stands who asks; see {@linkcode OpenGatesOptions}. */
export type Standing = Pick<OpenGatesOptions, "home">;

/** The verdict with all it was made from, and how much of it is to be shown. */
export async function verdictOn(
  file: string,
  options: CheckOptions & Standing,
): Promise<{ readonly verdict: Verdict; readonly logLevel: LogLevel }> {
  // How busy the machine is, is no question for a whole config
  const { gates, settings, names } = await open(file, { ...options, measures: options.tasks !== undefined });
  return { verdict: asInput(() => gates.ask(names)), logLevel: settings.logLevel };
}

async function open(
  file: string,
  { gates, db, home, maxParallelTasks, measures, tasks }: CheckOptions & Standing & { readonly measures?: boolean },
): Promise<OpenedGates & { readonly names?: string[] }> {
  checkWhole("maxParallelTasks", maxParallelTasks, 1, MOST_PARALLEL);
  const opened = await openGates(file, { settings: gates, overrides: { maxParallelTasks }, db, home, measures });
  return { ...opened, names: tasks && indexesOf(tasks, opened.tasks).map((index) => opened.tasks[index].name) };
}

/** What the gates refuse as wrong is wrong in the options. */
function asInput<Result>(ask: () => Result): Result {
  try {
    return ask();
  } catch (error) {
    if (error instanceof GateError) throw new InputError(error.message);
    throw error;
  }
}
