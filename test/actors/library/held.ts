/**
 * Owns executors that the test holds open: each tells when it has started, and ends when the test says so.
 *
 * @module
 */
import { assert } from "@std/assert";
import type { TaskContext } from "../../../actors/library/task_context.ts";

/** Functions by task, all held until they are let go. */
export class Held {
  readonly #ends = new Map<string, PromiseWithResolvers<unknown>>();
  /** Those that run now, in the order in which they started. */
  readonly running: string[] = [];
  /** All that have started, in that order. */
  readonly started: string[] = [];
  most = 0;

  /** The executor to add tasks with. */
  readonly run = async ({ taskId }: TaskContext): Promise<unknown> => {
    const end = Promise.withResolvers<unknown>();
    this.#ends.set(taskId, end);
    this.running.push(taskId);
    this.started.push(taskId);
    this.most = Math.max(this.most, this.running.length);
    try {
      return await end.promise;
    } finally {
      this.running.splice(this.running.indexOf(taskId), 1);
    }
  };

  /** Lets one end and waits until all that follows from it has happened. */
  async complete(taskId: string, result: unknown = taskId): Promise<void> {
    this.#end(taskId).resolve(result);
    await settle();
  }

  /** The same for one that fails. */
  async fail(taskId: string): Promise<void> {
    this.#end(taskId).reject(new Error(`${taskId} broke`));
    await settle();
  }

  #end(taskId: string): PromiseWithResolvers<unknown> {
    const end = this.#ends.get(taskId);
    assert(end !== undefined, `${taskId} does not run`);
    this.#ends.delete(taskId);
    return end;
  }
}

/**
 * What functions and the scheduler do without waiting for anything outside is done within a turn of the event loop, or a few
 * where the mailbox lets others have their turns.
 */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}
