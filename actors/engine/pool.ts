/**
 * Owns the words between the scheduler and whoever carries its tasks out: threads, or functions of a program. The scheduler
 * knows a pool by these alone.
 *
 * @module
 */
import type { EndSignal } from "../process/signals.ts";
import type { DiscoveryAnswered, FromWorker, RunShell, RunTask } from "../worker/messages.ts";

/** What a pool tells its owner. */
export type PoolReport =
  | { readonly kind: "worker"; readonly worker: number; readonly message: FromWorker }
  | { readonly kind: "crashed"; readonly worker: number; readonly detail: string }
  /** The worker crashed at every start and is given up. */
  | { readonly kind: "broken"; readonly worker: number; readonly detail: string };

/** The system does not let the workers start: no descriptors or memory left, say. */
export class WorkerStartError extends Error {
  override readonly name = "WorkerStartError";
}

/** Workers of any kind, with ids from 1, each of which has one task at a time. It reports what they say and decides nothing. */
export interface Pool<Message = RunTask | RunShell> {
  /** Called once, before all others. */
  start(): void;
  /** So many tasks wait for a worker, and none is idle; so many are left in all. Some that wait are expected to take so long. */
  want(tasks: number, left: number, expectedMs: readonly number[]): void;
  /** Hands a task to a worker that has none. */
  run(worker: number, message: Message): void;
  /** Answers a worker that has told what its task was found to read; there where tasks may tell that. */
  answer?(worker: number, message: DiscoveryAnswered): void;
  /** Has the worker's task end before its time; its end is reported as any other is. */
  cancel(worker: number, signal: EndSignal): void;
  /** Lets what tasks have left running come to its end. */
  finish(): Promise<void>;
  /** Ends all workers, and resolves when none is left. */
  close(): Promise<void>;
}
