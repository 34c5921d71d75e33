/**
 * Owns the workers that stand ready between two runs of one process, so that the next one need not start threads. They hold
 * nothing of the run before.
 *
 * @module
 */
import { type PoolOptions, WorkerPool } from "./worker_pool.ts";

/** The workers of one run after another; disposed of, they end. */
export class KeptWorkers implements AsyncDisposable {
  #idle: WorkerPool | undefined;
  #ending: Promise<unknown> | undefined;

  /** The pool of a run: the one that stands ready, if that is of the same kind. */
  open(options: PoolOptions): WorkerPool {
    const idle = this.#idle;
    this.#idle = undefined;
    if (idle?.reopen(options)) return idle;
    if (idle !== undefined) this.#ending = Promise.all([this.#ending, idle.end()]);
    return new WorkerPool({ ...options, onIdle: (pool) => this.#idle = pool });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ending;
    await this.#idle?.end();
    this.#idle = undefined;
  }
}
