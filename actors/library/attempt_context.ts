/**
 * Owns what the function of a task is given for one attempt, but for the keys of the shared state.
 *
 * @module
 */
import type { Attempt } from "../engine/attempt.ts";
import type { TaskRecord } from "./scheduled_task.ts";
import type { OwnContext } from "./task_context.ts";
import { ThreadSafeState } from "./thread_safe_state.ts";

/** A context's own things, made when asked for. */
export class AttemptContext implements OwnContext {
  readonly taskId: string;
  readonly taskMetadata: Readonly<Record<string, unknown>>;
  readonly attempt: number;
  readonly state: ThreadSafeState;
  readonly #attempt: Attempt;
  readonly #dependencies: readonly string[];
  readonly #tasks: ReadonlyMap<string, TaskRecord>;
  #dependencyResults: Readonly<Record<string, unknown>> | undefined;

  constructor(
    { taskId, metadata, dependencies }: TaskRecord,
    { attempt, state, tasks }: {
      readonly attempt: Attempt;
      readonly state: ThreadSafeState;
      readonly tasks: ReadonlyMap<string, TaskRecord>;
    },
  ) {
    this.taskId = taskId;
    this.taskMetadata = metadata;
    this.attempt = attempt.number;
    this.state = new ThreadSafeState(state, () => attempt.bond);
    this.#attempt = attempt;
    this.#dependencies = dependencies;
    this.#tasks = tasks;
  }

  get signal(): AbortSignal {
    return this.#attempt.signal;
  }

  get dependencyResults(): Readonly<Record<string, unknown>> {
    return this.#dependencyResults ??= Object.fromEntries(
      this.#dependencies.map((id) => [id, this.#tasks.get(id)?.result]),
    );
  }
}
