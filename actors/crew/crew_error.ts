/**
 * Owns what can go wrong in a crew beside its database, as a kind and one sentence each.
 *
 * @module
 */

/**
 * What is the matter with a crew.
 *
 * @example
 * ```ts
 * import { Crew, CrewError, type CrewErrorKind } from "./mod.ts";
 *
 * const mine: readonly CrewErrorKind[] = ["option", "task"];
 * try {
 *   new Crew([], { maxFailedRetries: -1 });
 * } catch (error) {
 *   console.log(error instanceof CrewError && mine.includes(error.kind)); // true
 * }
 * ```
 */
export type CrewErrorKind =
  /** A member at work has the identifier. */
  | "identifier"
  /** Tasks failed, and the failure policy is to stop then. */
  | "failed"
  /** An option, or a variable of the environment, has no usable value. */
  | "option"
  /** A task is described as none can be. */
  | "task"
  /** A lock was not to be had in time. */
  | "lock"
  /** The crew is used as it cannot be: iterated by two at once, or closed. */
  | "use";

/**
 * A crew that cannot go on; the message is a whole sentence for the user.
 *
 * @example
 * ```ts
 * import { CrewError, CrewTask } from "./mod.ts";
 *
 * try {
 *   new CrewTask({ id: "egg", dependencies: ["egg"] });
 * } catch (error) {
 *   if (error instanceof CrewError) console.log(error.kind, error.message); // task Task 'egg' depends on itself
 * }
 * ```
 */
export class CrewError extends Error {
  /** Tells it from other errors. */
  override readonly name: string = "CrewError";

  /** `kind` is for programs, the message for people. */
  constructor(readonly kind: CrewErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/**
 * Thrown to members whose failure policy is `stop`.
 *
 * @example
 * ```ts
 * import { Crew, TasksFailedError } from "./mod.ts";
 *
 * await using crew = new Crew(["a", "b"], { db: "failed.sqlite", failurePolicy: "stop" });
 * for await (const task of crew) if (task.data === "a") break; // fails it
 * try {
 *   for await (const task of crew) console.log(task.data);
 * } catch (error) {
 *   if (error instanceof TasksFailedError) console.log(error.tasks); // [ "0" ]
 * }
 * ```
 */
export class TasksFailedError extends CrewError {
  /** Tells it from other errors. */
  override readonly name = "TasksFailedError";

  /** `tasks`: names of those that failed, sorted. */
  constructor(readonly tasks: readonly string[]) {
    super("failed", `Tasks '{${listed(tasks)}}' have failed`);
  }
}

/** Beyond this the names of failed tasks are counted. */
const MOST_NAMED = 20;

export function identifierTaken(): CrewError {
  return new CrewError("identifier", "Worker with this identifier already exists");
}

function listed(names: readonly string[]): string {
  const rest = names.length - MOST_NAMED;
  return names.slice(0, MOST_NAMED).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
