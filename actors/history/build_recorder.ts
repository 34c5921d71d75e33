/**
 * Owns the record of a build in the history. A build that finds nothing to do leaves none, and loads no database.
 *
 * @module
 */
import { sha256 } from "../../graph/digest.ts";
import type { Plan } from "../../graph/schedule/plan.ts";
import { type Action, awaitedBy, unreachable } from "../../graph/task.ts";
import type { History } from "./history.ts";
import type { Reporter } from "../terminal/reporter.ts";
import type { RunEvent } from "../engine/run_event.ts";
import type { RunRecorder } from "./run_recorder.ts";
import { later } from "../machine/later.ts";
import { systemDetail } from "../machine/system_error.ts";

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
  /** The names that were asked for; absent for all. */
  readonly asked?: readonly string[];
  /** `performance.now()` at which the run counts as begun. */
  readonly begunMs: number;
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

  /** The run's number in the history, once it has one. */
  get id(): number | undefined {
    return this.#recorder?.id;
  }

  /** Takes note of one event of the run. */
  note(event: RunEvent, isStopping: boolean): void {
    if (this.#recorder !== undefined) this.#recorder.note(event, isStopping);
    else if (this.#opening !== undefined) this.#early.push([event, isStopping]);
    else if (event.kind === "hit" && event.by === "fresh") this.#hits.push(event.task);
    else if (event.kind === "reason") this.#early.push([event, isStopping]);
    else if (event.kind === "started" || event.kind === "failed" || event.kind === "hit") {
      this.#early.push([event, isStopping]);
      this.#opening = this.#open().catch((error) => this.#goWithout(error));
    }
  }

  /** Closes the record, by default of a run that lasted until now; answers with the run's number if all of it is in the history. */
  async finish(interruptedBy: string | undefined, durationMs?: number): Promise<number | undefined> {
    if (this.#opening === undefined) return undefined;
    const history = await this.#opening;
    const isSaved = await this.#recorder?.finish(interruptedBy, durationMs);
    history?.close();
    return isSaved ? this.id : undefined;
  }

  /** Modules that cannot be read, where files are few say. */
  #goWithout(error: unknown): undefined {
    this.#reporter.error(`Cannot load the history: ${systemDetail(error)}; this run is not saved`);
  }

  async #open(): Promise<History | undefined> {
    const [{ RunRecorder }, { enterInHistory }] = await Promise.all([
      later<typeof import("./run_recorder.ts")>("./run_recorder.ts", import.meta.url),
      later<typeof import("./attach.ts")>("./attach.ts", import.meta.url),
    ]);
    const { database, source, folder, retryOf, asked, begunMs } = this.#record;
    const digestsOf = envDigests();
    const tasks = this.#plan.tasks.map((task) => ({
      name: task.name,
      command: commandText(task.action),
      dependencies: awaitedBy(task),
      timeoutMs: task.timeoutMs,
      graceMs: task.graceMs,
      retries: task.retries,
      // Only asked whether it is the same: a retry takes the values from the config.
      env: digestsOf(task.env),
    }));
    const recorder = new RunRecorder({ kind: "build", source, folder, retryOf, asked, begunMs, tasks });
    for (const task of this.#hits) recorder.note({ kind: "hit", task, by: "fresh", worker: null }, false);
    for (const [event, isStopping] of this.#early) recorder.note(event, isStopping);
    this.#recorder = recorder;
    return await enterInHistory(recorder, database, this.#reporter);
  }
}

/** Many tasks have the same values. */
function envDigests(): (env: Readonly<Record<string, string>>) => Record<string, string> {
  const digests = new Map<string, string>();
  const digestOf = (value: string) => {
    let digest = digests.get(value);
    if (digest === undefined) digests.set(value, digest = `sha256:${sha256(value).slice(0, 16)}`);
    return digest;
  };
  return (env) => Object.fromEntries(Object.entries(env).map(([name, value]) => [name, digestOf(value)]));
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
