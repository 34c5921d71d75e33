/**
 * Owns values that many tasks read and change at the same time, by key.
 * It knows nothing of tasks.
 *
 * A change that takes time (an updater that waits for something) is a turn: further changes of the same key wait for it, in
 * the order in which they were asked for, so no change is lost. Other keys are not held up, and reading never waits.
 *
 * @module
 */

/**
 * State that the tasks of a scheduler share; the scheduler stores what each task returns under the task's id.
 *
 * @example
 * ```ts
 * import { DependencyAwareScheduler, ThreadSafeState } from "./mod.ts";
 *
 * const state = new ThreadSafeState({ total: 0 });
 * const scheduler = new DependencyAwareScheduler({ state });
 * for (const size of [3, 4, 5]) {
 *   scheduler.addTask(`add_${size}`, ({ state }) => state.update("total", (total) => Number(total) + size));
 * }
 * await scheduler.execute();
 * console.log(state.get("total")); // 12
 * ```
 */
export class ThreadSafeState {
  readonly #values: Map<string, unknown>;
  /** Key → the end of the last turn that was asked for; a key whose turns are over is not in it. */
  readonly #turns = new Map<string, Promise<unknown>>();

  /** Starts with the entries of `initial`, which itself is never changed. */
  constructor(initial: Readonly<Record<string, unknown>> = {}) {
    this.#values = new Map(Object.entries(initial));
  }

  /** The value as it is now, undefined if there is none. */
  get(key: string): unknown {
    return this.#values.get(key);
  }

  /** Whether there is a value. */
  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** The keys as they are now, in the order in which they came. */
  keys(): string[] {
    return [...this.#values.keys()];
  }

  /** All values as they are now; later changes do not show in it. */
  snapshot(): Record<string, unknown> {
    return Object.fromEntries(this.#values);
  }

  /** Puts a value in place of the present one: at once or, while the key is being updated, after that. */
  async set(key: string, value: unknown): Promise<void> {
    if (this.#turns.has(key)) await this.update(key, () => value);
    else this.#values.set(key, value);
  }

  /**
   * Changes a value by a function of the present one, which may be async; resolves with the new value. Whatever happens at
   * the same time, the function sees the value that its result replaces. If it throws, the value stays as it is.
   *
   * The function must not wait for another change of the same key: that one waits for it.
   */
  async update<Value>(key: string, change: (current: unknown) => Value | PromiseLike<Value>): Promise<Value> {
    const before = this.#turns.get(key) ?? Promise.resolve();
    const turn = before.then(() => this.#change(key, change));
    const end = turn.then(() => {}, () => {});
    this.#turns.set(key, end);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(key) === end) this.#turns.delete(key);
    }
  }

  async #change<Value>(key: string, change: (current: unknown) => Value | PromiseLike<Value>): Promise<Value> {
    const value = await change(this.#values.get(key));
    this.#values.set(key, value);
    return value;
  }
}
