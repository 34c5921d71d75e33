/**
 * Owns what each worker does, and since when, as the events of a run tell it.
 *
 * @module
 */
import type { RunEvent } from "./run_event.ts";

/** A task that a worker has, and since when (`performance.now()`). */
export interface BusyWorker {
  readonly task: string;
  /** Where its word stands in the status table. */
  readonly index: number;
  readonly since: number;
}

/** The workers of one run that have a task, by their id. */
export class BusyWorkers extends Map<number, BusyWorker> {
  readonly #tasks: readonly { readonly name: string }[];

  constructor(tasks: readonly { readonly name: string }[]) {
    super();
    this.#tasks = tasks;
  }

  /** Takes note of one event. */
  note(event: RunEvent): void {
    switch (event.kind) {
      case "started":
        this.set(event.worker, { task: this.#tasks[event.task].name, index: event.task, since: performance.now() });
        break;
      case "executed":
      case "hit":
      case "failed":
      case "cancelled":
      case "crashed":
        if (event.worker !== null) this.delete(event.worker);
        break;
    }
  }
}
