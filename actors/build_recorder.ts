/**
 * Owns the record of a build in the history. A build that finds nothing to do leaves none, and loads no database.
 *
 * @module
 */
import type { Plan } from "../graph/plan.ts";
import type { Action } from "../graph/task.ts";
import { unreachable } from "../graph/task.ts";
import type { History } from "./history.ts";
import type { Reporter } from "./reporter.ts";
import type { RunEvent } from "./run_event.ts";
import type { RunRecorder } from "./run_recorder.ts";

/** Where a build is recorded, and what it was. */
export interface BuildRecord {
  /** Path of the history. */
  readonly database: string;
  /** Absolute path of the config. */
  readonly source: string;
  /** Absolute. */
  readonly folder: string;
  /** The recorded run that this one retries. */
  readonly retryOf?: number;
}

/** The record of one build; it is closed whatever happens. */
export class BuildRecorder {
  readonly #plan: Plan;
  readonly #record: BuildRecord;
  readonly #reporter: Reporter;
  /** Tasks that the cache answered for before anything had to be done. */
  readonly #hits: number[] = [];
  /** What came while the database was being loaded. */
  readonly #early: [RunEvent, boolean][] = [];
  #opening: Promise<History | undefined> | undefined;
  #recorder: RunRecorder | undefined;

  constructor(plan: Plan, record: BuildRecord, reporter: Reporter) {
    this.#plan = plan;
    this.#record = record;
    this.#reporter = reporter;
  }

  /** Takes note of one event of the run. */
  note(event: RunEvent, isStopping: boolean): void {
    if (this.#recorder !== undefined) this.#recorder.note(event, isStopping);
    else if (this.#opening !== undefined) this.#early.push([event, isStopping]);
    else if (event.kind === "hit") this.#hits.push(event.task);
    else if (event.kind === "started" || event.kind === "failed") {
      this.#early.push([event, isStopping]);
      this.#opening = this.#open();
    }
  }

  /** Closes the record; answers with the run's number if all of it is in the history. */
  async finish(interruptedBy: string | undefined): Promise<number | undefined> {
    if (this.#opening === undefined) return undefined;
    const history = await this.#opening;
    const isSaved = await this.#recorder!.finish(interruptedBy);
    history?.close();
    return isSaved ? this.#recorder!.id : undefined;
  }

  async #open(): Promise<History | undefined> {
    const [{ RunRecorder }, { enterInHistory }] = await Promise.all([
      import("./run_recorder.ts"),
      import("./enter_in_history.ts"),
    ]);
    const { database, source, folder, retryOf } = this.#record;
    const tasks = this.#plan.tasks.map(({ name, action, dependencies, timeoutMs, retries, env }) => ({
      name,
      command: commandText(action),
      dependencies,
      timeoutMs,
      retries,
      env,
    }));
    const recorder = new RunRecorder({ kind: "build", source, folder, retryOf, tasks });
    for (const task of this.#hits) recorder.note({ kind: "hit", task, worker: null }, false);
    for (const [event, isStopping] of this.#early) recorder.note(event, isStopping);
    this.#recorder = recorder;
    return await enterInHistory(recorder, database, this.#reporter);
  }
}

function commandText(action: Action): string {
  switch (action.kind) {
    case "command":
      return action.command;
    case "content":
    case "concatenate":
      return `(${action.kind})`;
    case "module":
      return `(module ${action.module})`;
    default:
      return unreachable(action);
  }
}
