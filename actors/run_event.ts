/**
 * Owns the words for what happens in a run, as the scheduler tells them to whoever shows or records it.
 * It holds no code.
 *
 * @module
 */
import type { TaskFailure } from "../graph/failure.ts";
import type { Output } from "./messages.ts";

/** What happens in a run, for whoever shows it. Durations in milliseconds. */
export type RunEvent =
  | { readonly kind: "reason"; readonly task: number; readonly reason: string }
  | { readonly kind: "started"; readonly task: number; readonly worker: number }
  | {
    readonly kind: "executed";
    readonly task: number;
    readonly worker: number;
    readonly durationMs: number;
    readonly output?: Output;
  }
  | { readonly kind: "hit"; readonly task: number; readonly worker: number | null }
  | {
    readonly kind: "failed";
    readonly task: number;
    readonly worker: number | null;
    readonly durationMs: number;
    readonly failure: TaskFailure;
    readonly output?: Output;
    /** Number of the further attempt that follows; absent when none does. */
    readonly retry?: number;
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
  running: number;
}
