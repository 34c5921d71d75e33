/**
 * Owns one run of shell tasks from checked tasks to its report: history, engine, and the closing of both.
 * It schedules nothing and prints nothing but warnings about the run itself.
 *
 * @module
 */
import type { Graph } from "../graph/graph.ts";
import type { LoadLimits } from "../graph/headroom.ts";
import { schedulable } from "../graph/plan.ts";
import type { RunReport } from "../graph/run_records.ts";
import type { Level } from "./build_log.ts";
import { Engine } from "./engine.ts";
import type { Reporter } from "./reporter.ts";
import type { Counts } from "./run_event.ts";
import { RunLog } from "./run_log.ts";
import { enterInHistory } from "./enter_in_history.ts";
import { RunRecorder } from "./run_recorder.ts";
import { ShellWork, type ShellWorkTask } from "./shell_work.ts";
import { touchesOf } from "./touches.ts";
import { Stop, type StopSignal } from "./stop_listener.ts";

/** Limit for one attempt of a task that has none of its own, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 60_000;

/** Checked tasks and where they come from. */
export interface TaskRunInput {
  readonly tasks: readonly ShellWorkTask[];
  readonly graph: Graph;
  /** Absolute; where commands run. */
  readonly folder: string;
  /** Absolute path of the task file. */
  readonly source: string;
  /** The run this one retries. */
  readonly retryOf?: number;
}

/** Choices for one run. */
export interface TaskRunOptions {
  /** How many tasks may run at once, at least 1. */
  readonly jobs: number;
  /** For tasks without a limit of their own. */
  readonly timeoutMs: number;
  /** Path of the history. */
  readonly database: string;
  readonly level: Level;
  /** Start nothing more while the machine is busier; default it may be as busy as it likes. */
  readonly loadLimits?: LoadLimits;
  /** Say every few seconds what runs and what the machine bears; default false. */
  readonly isWatched?: boolean;
  /** Shows a display while the run lasts; answers with what takes it away. */
  readonly showLive?: (log: RunLog, counts: Counts, total: number) => () => void;
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
}

/** Runs the tasks. A history that cannot be written is told of once and changes nothing else. */
export async function runTasks(input: TaskRunInput, options: TaskRunOptions, reporter: Reporter): Promise<TaskRunEnd> {
  const { stop = new Stop() } = options;
  const tasks = input.tasks.map((task) => ({ ...task, timeoutMs: task.timeoutMs ?? options.timeoutMs }));
  const definitions = tasks.map((task) => ({ ...task, env: task.env ?? {} }));
  const { source, folder, retryOf } = input;
  const touches = await touchesOf(tasks);
  const recorder = new RunRecorder({ kind: "run", source, folder, retryOf, tasks: definitions });
  // While the workers start: what happens before it is open is entered then.
  const opening = enterInHistory(recorder, options.database, reporter);
  const log = new RunLog(tasks, reporter, options.level);
  const watch = options.isWatched ? new (await import("./run_watch.ts")).RunWatch(log, reporter) : undefined;
  const engine = new Engine({
    plan: schedulable(tasks, input.graph, { touches }),
    work: new ShellWork(tasks, { stream: options.level === "verbose" }),
    workers: Math.min(options.jobs, tasks.length),
    failFast: false,
    loadLimits: options.loadLimits,
    folder,
    onEvent: (event) => log.note(event, recorder.note(event, stop.signal !== undefined)),
    onWarning: (sentence) => reporter.error(sentence),
    everyMs: watch === undefined ? [] : [[watch.everyMs, () => watch.tell()]],
  });
  const hideLive = options.showLive?.(log, engine.counts, tasks.length);
  try {
    await engine.run(stop);
  } finally {
    hideLive?.();
    await engine.close();
  }
  const history = await opening;
  const isSaved = await recorder.finish(stop.signal);
  history?.close();
  return {
    report: recorder.report(stop.signal !== undefined),
    signal: stop.signal,
    savedAs: isSaved ? recorder.id : undefined,
  };
}
