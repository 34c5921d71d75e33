/**
 * Owns the words for whoever reads what happens in a run beside its log: the events of `--events`, JUnit, the summary of a
 * job in CI. It holds no code.
 *
 * @module
 */
import type { ShownArtifact } from "../../graph/artifact.ts";
import type { DeclaredOutput } from "../../graph/task.ts";
import type { ClosedRun } from "../../graph/report/closing.ts";
import type { Counts, RunEvent } from "../engine/run_event.ts";

/** A run that begins. */
export interface RunBegun {
  readonly kind: "build" | "run";
  /** Absolute path of the config or task file. */
  readonly file: string;
  /** Absolute; where commands run. */
  readonly folder: string;
  readonly workers: number;
  readonly retryOf?: number;
  /** By task; its outputs are relative to the folder. */
  readonly tasks: readonly {
    readonly name: string;
    readonly dependencies: readonly string[];
    readonly after?: readonly string[];
    readonly outputs?: readonly DeclaredOutput[];
  }[];
  /** The digest of a completed task's artifact; absent where tasks make none. */
  readonly digestOf?: (task: number) => string | undefined;
  /** What a completed task has made, unless that is one file. */
  readonly artifactsOf?: (task: number) => readonly ShownArtifact[] | undefined;
}

/** A run that is over. */
export interface RunOver extends Pick<ClosedRun, "outcomes" | "warned" | "durationMs" | "signal"> {
  readonly counts: Omit<Counts, "running">;
  /** Of the completed, those that needed no doing. */
  readonly cached: number;
  /** Its number in the history, if all of it is there. */
  readonly savedAs?: number;
  /** How many artifacts were put back as they were, of a transaction that came to nothing. */
  readonly rolledBack?: number;
  /** Why it could not go on. */
  readonly error?: string;
}

/** Who is told. A transaction that is done once more begins and ends twice. */
export interface RunReader {
  begun?(run: RunBegun): void;
  note(event: RunEvent): void;
  /** What the run has to do without. */
  warned?(sentence: string): void;
  ended(run: RunOver): void;
  /** Resolves once nothing more is to be written, with whether all of it was. */
  close(): boolean | Promise<boolean>;
}
