/**
 * Owns the skeleton of one run of anything: its view, locks, engine, live state and readers, opened in this order, told of
 * every event in this order, and closed on every path.
 * It does not know what the tasks are; what only a kind of run has is given to it.
 *
 * @module
 */
import type { ClosedRun } from "../../graph/report/closing.ts";
import type { TaskRecord } from "../../graph/report/run_records.ts";
import type { LoadLimits } from "../../graph/schedule/headroom.ts";
import type { Schedulable } from "../../graph/schedule/state.ts";
import type { Declarations } from "../../graph/task.ts";
import type { BuildStatus } from "../engine/build_status.ts";
import { BusyWorkers } from "../engine/busy_workers.ts";
import { Engine, type EngineEnd, type EngineOptions } from "../engine/engine.ts";
import { Outcomes } from "../engine/outcomes.ts";
import type { Counts, RunEvent } from "../engine/run_event.ts";
import { tellStatus } from "../engine/tell_status.ts";
import type { LockPatience, LocksOfTasks } from "../locks/task_locks.ts";
import { later } from "../machine/later.ts";
import type { Stop } from "../process/stop_listener.ts";
import { ciOutput, type Level, type LogChoices } from "../terminal/build_log.ts";
import type { Face } from "../terminal/face.ts";
import type { LiveState } from "../terminal/live_view.ts";
import type { Reporter } from "../terminal/reporter.ts";
import type { StatusTable } from "../worker/status_table.ts";
import type { RunBegun, RunOver } from "../terminal/run_reader.ts";
import type { RunReaders } from "../terminal/run_readers.ts";

/** Choices for one run, whatever it is about. */
export interface SessionOptions {
  readonly level: Level;
  /** Default `lines`. */
  readonly face?: Face;
  /** From being asked to end to SIGKILL, for tasks without a grace of their own; default 5 s. */
  readonly graceMs?: number;
  /** Start nothing more while the machine is busier; default it may be as busy as it likes. */
  readonly loadLimits?: LoadLimits;
  /** Say every few seconds what runs and what the machine bears; default false. */
  readonly isWatched?: boolean;
  /** Have tasks lock what they declare while they run, with so much patience; default they lock nothing. */
  readonly locks?: LockPatience;
  /** Shows a display of the run; whoever gives it takes it away. */
  readonly showLive?: (state: LiveState) => void;
  /** Told where the status of its tasks can be read, before the first of them starts. */
  readonly onStatus?: (status: BuildStatus) => void;
}

/** What a person sees of a run. */
export interface View {
  /** Shows one event; `ended` is the record of the task that has ended by it, where records are made. */
  note(event: RunEvent, ended?: TaskRecord): void;
  /** Says now and then how far a long run is. */
  progress?(counts: Counts, workers: BusyWorkers): void;
}

/** What one run is made of. */
export interface SessionParts
  extends
    Pick<RunBegun, "kind" | "folder" | "workers" | "retryOf" | "tasks" | "digestOf" | "artifactsOf">,
    Pick<EngineOptions, "work" | "turns" | "failFast" | "taskFile" | "callsModules" | "keptWorkers"> {
  readonly plan: Schedulable;
  readonly tasks:
    readonly (RunBegun["tasks"][number] & { readonly retries: number; readonly declared?: Declarations })[];
  /** Absolute path of the config or task file. */
  readonly source: string;
  /** Path of the history that earlier runs are recorded in; default none. */
  readonly database?: string;
  /** The command that shows all that was kept of what a task printed, if it is kept anywhere. */
  readonly whereRest?: (task: string) => string;
  /** What the display shows of the status table, where others do some of the tasks; default all of it. */
  readonly shownOf?: (table: StatusTable) => LiveState["table"];
  /** The view where there is no live one. */
  readonly lines: (choices: LogChoices) => View;
  /** Told of each event before the view is; answers with the record of a task that has ended. */
  readonly onEvent: (event: RunEvent) => TaskRecord | undefined;
}

/** Who is told of a run. */
export interface Audience {
  readonly reporter: Reporter;
  readonly readers?: RunReaders;
  readonly stop: Stop;
}

/** How often a long run says how far it is. */
const PROGRESS_MS = 5000;

/** One run, from its parts to its last event; it is used once, and closed whatever happens. */
export class Session {
  readonly engine: Engine;
  readonly outcomes: Outcomes;
  readonly #parts: SessionParts;
  readonly #audience: Audience;

  private constructor(parts: SessionParts, audience: Audience, opened: { engine: Engine; outcomes: Outcomes }) {
    this.#parts = parts;
    this.#audience = audience;
    this.engine = opened.engine;
    this.outcomes = opened.outcomes;
  }

  /** Opens all of it; nothing is started yet. */
  static async open(parts: SessionParts, options: SessionOptions, audience: Audience): Promise<Session> {
    const { kind, source, folder, workers, tasks, plan, database, retryOf, digestOf, artifactsOf } = parts;
    const { reporter, readers } = audience;
    const outcomes = new Outcomes(tasks.length, folder);
    const busy = new BusyWorkers(tasks);
    const view = await viewOf(parts, options, { reporter, outcomes });
    const engine: Engine = new Engine({
      ...parts,
      locks: await locksOf(parts, options.locks, audience),
      loadLimits: options.loadLimits,
      graceMs: options.graceMs,
      onEvent: (event) => {
        outcomes.note(event);
        busy.note(event);
        view.note(event, parts.onEvent(event));
        readers?.note(event);
      },
      room: () => reporter.room(),
      onWarning: (sentence) => warn(sentence, audience),
      everyMs: [
        ...view.progress === undefined ? [] : [[PROGRESS_MS, () => view.progress?.(engine.counts, busy)] as const],
        ...options.isWatched ? [await watching(busy, reporter)] : [],
      ],
    });
    const { table } = engine;
    if (options.showLive !== undefined) {
      const { liveState } = await later<typeof import("./live_state.ts")>("./live_state.ts", import.meta.url);
      const earlier = database === undefined ? undefined : { database, source };
      const shown = parts.shownOf?.(table);
      options.showLive(liveState({ plan, tasks, table, shown, outcomes, busy, workers, earlier }));
    }
    if (options.onStatus !== undefined) await tellStatus(options.onStatus, tasks, table);
    readers?.begun({ kind, file: source, folder, workers, retryOf, tasks, digestOf, artifactsOf }, outcomes);
    return new Session(parts, audience, { engine, outcomes });
  }

  /**
   * Runs everything; a signal ends it early, in good order.
   *
   * @throws {WorkerStartError} When the system does not let the workers start.
   */
  async run(): Promise<EngineEnd> {
    return await this.engine.run(this.#audience.stop);
  }

  /** Ends all that it has started, and waits until none of it is alive. */
  async close(): Promise<void> {
    await this.engine.close();
  }

  /**
   * Tells the readers that it is over, when all that belongs to it is done; answers how each task ended. It lasted from its
   * opening until now unless told.
   */
  ended(
    end: Pick<RunOver, "savedAs" | "rolledBack"> & Partial<Pick<RunOver, "durationMs">>,
  ): Pick<ClosedRun, "tasks" | "outcomes" | "warned" | "retried"> {
    const { outcomes } = this;
    this.#audience.readers?.ended({ ...end, signal: this.#audience.stop.signal });
    return { tasks: this.#parts.tasks, outcomes: outcomes.ends, warned: outcomes.warned, retried: outcomes.retried };
  }
}

/** Tells of what the run has to do without. */
export function warn(sentence: string, { reporter, readers }: Pick<Audience, "reporter" | "readers">): void {
  reporter.error(sentence);
  readers?.warned(sentence);
}

async function viewOf(
  { tasks, folder, whereRest, lines }: SessionParts,
  { face = "lines", level }: SessionOptions,
  { reporter, outcomes }: { readonly reporter: Reporter; readonly outcomes: Outcomes },
): Promise<View> {
  if (face !== "live") return lines({ level, whereRest, face, ci: await ciOutput(face, reporter, folder) });
  const { LiveLog } = await later<typeof import("../terminal/live_log.ts")>(
    "../terminal/live_log.ts",
    import.meta.url,
  );
  return new LiveLog(tasks, reporter, { level, outcomes, whereRest });
}

async function watching(busy: BusyWorkers, reporter: Reporter): Promise<readonly [number, () => void]> {
  const { RunWatch } = await later<typeof import("../terminal/run_watch.ts")>(
    "../terminal/run_watch.ts",
    import.meta.url,
  );
  const watch = new RunWatch(busy, reporter);
  return [watch.everyMs, () => watch.tell()];
}

async function locksOf(
  { tasks, folder }: SessionParts,
  patience: LockPatience | undefined,
  audience: Audience,
): Promise<LocksOfTasks | undefined> {
  if (patience === undefined) return undefined;
  const { locksOf } = await later<typeof import("../locks/task_locks.ts")>(
    "../locks/task_locks.ts",
    import.meta.url,
  );
  return locksOf(tasks, { folder, patience, onWarning: (sentence) => warn(sentence, audience) });
}
