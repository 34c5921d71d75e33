/**
 * Owns what the function of a task is given: one object with the task's own things and the keys of the shared state.
 * It runs nothing.
 *
 * The object reads through to the state: to copy the state for every task would take time and memory that grow with the
 * square of the number of tasks, whose results are all in it. For the same reason the other things are made when asked for.
 *
 * @module
 */
import type { ThreadSafeState } from "./thread_safe_state.ts";

/**
 * What the function of a task is given. Beside these, it has every key of the shared state, as its value is when it is
 * read; these hide keys of the same name, which `state.get(key)` has as well.
 */
export interface TaskContext {
  /** The task's own id. */
  readonly taskId: string;
  /** What it was added with. */
  readonly taskMetadata: Readonly<Record<string, unknown>>;
  /** What its dependencies returned, by id. */
  readonly dependencyResults: Readonly<Record<string, unknown>>;
  /** From 1. */
  readonly attempt: number;
  /** Aborted when the attempt has taken too long or the execution is cancelled; whatever it returns then is dropped. */
  readonly signal: AbortSignal;
  /** The shared state, to change it. */
  readonly state: ThreadSafeState;
  /** Keys of the shared state. */
  readonly [stateKey: string]: unknown;
}

/** A context's own things. */
export type OwnContext = Pick<
  TaskContext,
  "taskId" | "taskMetadata" | "dependencyResults" | "attempt" | "signal" | "state"
>;

const OWN_KEYS: ReadonlySet<string> = new Set(
  ["taskId", "taskMetadata", "dependencyResults", "attempt", "signal", "state"] satisfies (keyof OwnContext)[],
);

/** Adds the keys of the state. */
export function withState(own: OwnContext): TaskContext {
  return new Proxy(own, READ_THROUGH) as TaskContext;
}

const READ_THROUGH: ProxyHandler<OwnContext> = {
  get(own, key) {
    if (typeof key === "symbol") return undefined;
    return OWN_KEYS.has(key) ? own[key as keyof OwnContext] : own.state.get(key);
  },
  has(own, key) {
    return typeof key === "string" && (OWN_KEYS.has(key) || own.state.has(key));
  },
  ownKeys(own) {
    return [...OWN_KEYS, ...own.state.keys().filter((key) => !OWN_KEYS.has(key))];
  },
  getOwnPropertyDescriptor(own, key) {
    if (!this.has!(own, key)) return undefined;
    return { value: this.get!(own, key, own), enumerable: true, configurable: true, writable: false };
  },
  set(_, key) {
    throw new TypeError(`Cannot set '${String(key)}' of a task's context: use state.set() or state.update()`);
  },
};
