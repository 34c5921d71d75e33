/**
 * Owns one run of shell tasks from checked tasks to its report: history, engine, and the closing of both.
 * It schedules nothing and prints nothing but warnings about the run itself.
 *
 * @module
 */
import type { ClosedRun } from "../../graph/report/closing.ts";
import { schedulable } from "../../graph/schedule/plan.ts";
import type { RunReport } from "../../graph/report/run_records.ts";
import type { RunEvent } from "../engine/run_event.ts";
import { enterInHistory } from "../history/attach.ts";
import { RunRecorder } from "../history/run_recorder.ts";
import type { TaskRunInput } from "../input/load_tasks.ts";
import type { StopSignal } from "../process/signals.ts";
import { Stop } from "../process/stop_listener.ts";
import type { LogChoices } from "../terminal/build_log.ts";
import type { Reporter } from "../terminal/reporter.ts";
import { RunLog, streamsOutput } from "../terminal/run_log.ts";
import {
  type ReaderChoices,
  refuseReplacing,
  type RunReaders,
  withReaders,
  writtenFiles,
} from "../terminal/run_readers.ts";
import { Session, type SessionOptions } from "./session.ts";
import { ShellWork } from "./shell_work.ts";
import { touchesOf } from "./touches.ts";
import { showCommand } from "../../graph/report/typed_commands.ts";

/** Limit for one attempt of a task that has none of its own, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 60_000;

/** Choices for one run. */
export interface TaskRunOptions extends SessionOptions {
  /** How many tasks may run at once, at least 1. */
  readonly jobs: number;
  /** Start nothing more after the first failed task; default false. */
  readonly failFast?: boolean;
  /** For tasks without a limit of their own. */
  readonly timeoutMs: number;
  /** Path of the history. */
  readonly database: string;
  /** What is written of it beside its lines; default nothing. */
  readonly readers?: ReaderChoices;
  /** What the difficulties of running tasks may add up to; default they are not added up. */
  readonly budget?: number;
  /** `performance.now()` at which the run counts as begun; default now. */
  readonly begunMs?: number;
  /** Who may end it early; default nobody. */
  readonly stop?: Stop;
}

/** How a run ended. */
export interface TaskRunEnd {
  readonly report: RunReport;
  /** What ended it early. */
  readonly signal?: StopSignal;
  /** Its number in the history, if all of it is there. */
  readonly savedAs?: number;
  /** How each task ended, for the last lines. */
  readonly closing: Pick<ClosedRun, "tasks" | "outcomes" | "warned" | "retried" | "durationMs">;
  /** Whether all that the readers were to write was written. */
  readonly isWritten: boolean;
}

/**
 * Runs the tasks. A history that cannot be written is told of once and changes nothing else.
 *
 * @throws {InputError} When something else that is to be written of it cannot be; nothing was started then.
 */
export async function runTasks(input: TaskRunInput, options: TaskRunOptions, reporter: Reporter): Promise<TaskRunEnd> {
  const needed = (path: string) => path === input.source ? "the task file" : undefined;
  for (const file of writtenFiles(options.readers)) refuseReplacing(file, { databases: [options.database], needed });
  return await withReaders(
    options.readers,
    (fault) => reporter.error(fault),
    async (open) => await runRead(input, options, { reporter, readers: await open() }),
  );
}

async function runRead(
  input: TaskRunInput,
  options: TaskRunOptions,
  { reporter, readers }: { readonly reporter: Reporter; readonly readers?: RunReaders },
): Promise<Omit<TaskRunEnd, "isWritten">> {
  const { stop = new Stop(), begunMs = performance.now() } = options;
  const tasks = input.tasks.map((task) => ({ ...task, timeoutMs: task.timeoutMs ?? options.timeoutMs }));
  const definitions = input.tasks.map((task) => ({ ...task, env: task.env ?? {} }));
  const { source, folder, retryOf, asked, warnings = [] } = input;
  const { database, face = "lines", level, budget, jobs, failFast = false, timeoutMs } = options;
  for (const warning of warnings) reporter.error(warning);
  const touches = await touchesOf(tasks, folder);
  const recorder = new RunRecorder({
    kind: "run",
    source,
    folder,
    retryOf,
    asked,
    tasks: definitions,
    timeoutMs,
    begunMs,
  });
  // While the workers start: what happens before it is open is entered then.
  const opening = enterInHistory(recorder, database, reporter);
  const parts = {
    kind: "run",
    source,
    folder,
    retryOf,
    tasks,
    plan: schedulable(tasks, input.graph, { touches, budget }),
    work: new ShellWork(tasks, { stream: streamsOutput({ face, level }) }),
    workers: Math.min(jobs, tasks.length),
    failFast,
    taskFile: source,
    database,
    whereRest: (task: string) => showCommand(task, { run: recorder.id, database }),
    lines: (choices: LogChoices) => new RunLog(tasks, reporter, choices),
    onEvent: (event: RunEvent) => recorder.note(event, stop.signal !== undefined),
  } as const;
  const session = await Session.open(parts, options, { reporter, readers, stop });
  try {
    await session.run();
  } finally {
    await session.close();
  }
  const durationMs = performance.now() - begunMs;
  const history = await opening;
  const isSaved = await recorder.finish(stop.signal, durationMs);
  history?.close();
  const savedAs = isSaved ? recorder.id : undefined;
  return {
    report: recorder.report(stop.signal !== undefined, durationMs),
    signal: stop.signal,
    savedAs,
    closing: { ...session.ended({ savedAs, durationMs }), durationMs },
  };
}
