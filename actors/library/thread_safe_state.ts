/**
 * Owns values that many tasks read and change at the same time, by key.
 * It knows nothing of tasks.
 *
 * A change that takes time (an updater that waits for something) is a turn: further changes of the same key wait for it, in
 * the order in which they were asked for, so no change is lost. Other keys are not held up, and reading never waits. A turn
 * whose signal is aborted is over, whatever its updater goes on to do.
 *
 * @module
 */

import { abortable } from "@std/async/abortable";
import { quote } from "../../graph/text.ts";

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
  readonly #turns: Map<string, Promise<unknown>>;
  readonly #bond: (() => AbortSignal) | undefined;

  /** Starts with the entries of `initial`, which itself is never changed. */
  constructor(initial?: Readonly<Record<string, unknown>>);
  /**
   * The same values and turns for one who may come to be given up.
   *
   * @internal
   */
  constructor(of: ThreadSafeState, bond: () => AbortSignal);
  constructor(initial: Readonly<Record<string, unknown>> | ThreadSafeState = {}, bond?: () => AbortSignal) {
    const isShared = bond !== undefined && initial instanceof ThreadSafeState;
    this.#values = isShared ? initial.#values : new Map(Object.entries(initial));
    this.#turns = isShared ? initial.#turns : new Map();
    this.#bond = bond;
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
  set(key: string, value: unknown): Promise<void> {
    const isFree = !this.#turns.has(key) && !this.#bond?.().aborted;
    if (!isFree) return this.update<unknown>(key, () => value) as Promise<void>;
    this.#values.set(key, value);
    return Promise.resolve();
  }

  /**
   * Changes a value by a function of the present one, which may be async; resolves with the new value. Whatever happens at
   * the same time, the function sees the value that its result replaces. If it throws, the value stays as it is.
   *
   * The function must not wait for another change of the same key: that one waits for it. Once the signal is aborted the
   * value stays as it is, and others have their turn. The state in a task's context ends its updates so when the attempt
   * has taken too long or is cancelled, and when the execution is over.
   *
   * @throws {TypeError} When `change` is no function.
   */
  update<Value>(
    key: string,
    change: (current: unknown) => Value | PromiseLike<Value>,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Value> {
    if (typeof change !== "function") throw new TypeError(`update() of ${quote(key)} takes a function of the value`);
    const bond = this.#bond?.();
    const stop = bond && signal ? AbortSignal.any([bond, signal]) : bond ?? signal;
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    const giveUp = () => {
      // Whoever is given up may not be waiting for it any more.
      promise.catch(() => {});
      reject(stop!.reason);
    };
    const before = this.#turns.get(key) ?? Promise.resolve();
    const end = before.then(() => this.#change(key, change, stop)).then(resolve, reject).finally(() => {
      stop?.removeEventListener("abort", giveUp);
      if (this.#turns.get(key) === end) this.#turns.delete(key);
    });
    this.#turns.set(key, end);
    if (stop?.aborted) giveUp();
    else stop?.addEventListener("abort", giveUp);
    return promise;
  }

  async #change<Value>(
    key: string,
    change: (current: unknown) => Value | PromiseLike<Value>,
    stop: AbortSignal | undefined,
  ): Promise<Value> {
    stop?.throwIfAborted();
    const changing = change(this.#values.get(key));
    const value = await (stop === undefined ? changing : abortable(Promise.resolve(changing), stop));
    this.#values.set(key, value);
    return value;
  }
}
