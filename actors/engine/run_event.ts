/**
 * Owns the words for what happens in a run, as the scheduler tells them to whoever shows or records it.
 * It holds no code.
 *
 * @module
 */
import type { TaskFailure } from "../../graph/failure.ts";
import type { CompletedBy } from "../../graph/schedule/event.ts";
import type { MadeOf } from "./work.ts";
import type { Output, Usage } from "../process/output.ts";

/** What happens in a run, for whoever shows it. Durations in milliseconds. */
export type RunEvent =
  | { readonly kind: "reason"; readonly task: number; readonly reason: string }
  /** The task has to wait for what others have locked, which may have been said often enough. */
  | { readonly kind: "barred"; readonly task: number; readonly sentence: string; readonly isKnown: boolean }
  | { readonly kind: "started"; readonly task: number; readonly worker: number; readonly madeOf?: MadeOf }
  | {
    readonly kind: "executed";
    readonly task: number;
    readonly worker: number;
    readonly durationMs: number;
    readonly output?: Output;
    readonly usage?: Usage;
    /** There when that was not known when it started. */
    readonly madeOf?: MadeOf;
  }
  /** With what was printed when the artifact was made, where it did not lie in place. */
  | {
    readonly kind: "hit";
    readonly task: number;
    readonly by: Exclude<CompletedBy, "executed">;
    /** It came out of a remote cache. */
    readonly isRemote?: boolean;
    readonly worker: number | null;
    readonly output?: Output;
  }
  | {
    readonly kind: "failed";
    readonly task: number;
    readonly worker: number | null;
    readonly durationMs: number;
    readonly failure: TaskFailure;
    readonly output?: Output;
    readonly usage?: Usage;
    /** Number of the further attempt that follows; absent when none does. */
    readonly retry?: number;
  }
  /** Ended before its time, as the run is to end; what it printed until then. */
  | {
    readonly kind: "cancelled";
    readonly task: number;
    readonly worker: number | null;
    readonly durationMs: number;
    readonly output?: Output;
    readonly usage?: Usage;
    /** Not the end of it: what it reads has changed, and it begins anew. */
    readonly isAgain?: boolean;
  }
  | {
    readonly kind: "printed";
    readonly task: number;
    readonly stream: "stdout" | "stderr";
    readonly bytes: Uint8Array;
  }
  | { readonly kind: "crashed"; readonly worker: number }
  | { readonly kind: "skipped"; readonly task: number };

/** How many tasks stand where. */
export interface Counts {
  completed: number;
  failed: number;
  skipped: number;
  /** Of the skipped, those that were begun and then ended before their time. */
  cancelled: number;
  running: number;
}
