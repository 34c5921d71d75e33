/**
 * Owns what can go wrong in a crew beside its database, as a kind and one sentence each.
 *
 * @module
 */
import { listed, quote } from "../../../graph/text.ts";

/** What is the matter with a crew. */
export type CrewErrorKind =
  /** A member at work has the identifier. */
  | "identifier"
  /** Tasks failed, and the failure policy is to stop then. */
  | "failed"
  /** Tasks can never start: a cycle, an unknown dependency, or a label that no member had. */
  | "stuck"
  /** An option, or a variable of the environment, has no usable value. */
  | "option"
  /** A task is described as none can be. */
  | "task"
  /** Another member has registered a task with another fingerprint meanwhile. */
  | "changed"
  /** The workflow is another project's. */
  | "project"
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
    super("failed", `Tasks '{${listed(tasks, MOST_NAMED, (name) => name)}}' have failed`);
  }
}

/** Beyond this the names of failed tasks are counted. */
const MOST_NAMED = 20;

export function identifierTaken(): CrewError {
  return new CrewError("identifier", "Worker with this identifier already exists");
}

/** What this member knows as a task is not what others have registered as it since. */
export function changed(
  { id, fingerprint }: { readonly id: string; readonly fingerprint: string | null },
  own: string | undefined,
): CrewError {
  const what = `Task ${quote(id)} was registered by another member with fingerprint ${quote(fingerprint ?? "")}`;
  return new CrewError(
    "changed",
    `${what}, and has ${quote(own ?? "")} here: begin again with the tasks as they are now`,
  );
}
