/**
 * Owns the words for a question about a task that a file keeps open, or that an unreadable one has answered.
 *
 * @module
 */
import type { TaskFailure } from "../../graph/failure.ts";
import type { TooMuch } from "../storage/file_index.ts";
import type { Output } from "../process/output.ts";
import type { Unreadable } from "../machine/system_error.ts";

/** Why there is no answer. */
export type Unanswered =
  | { readonly kind: "unreadable"; readonly failure: TaskFailure; readonly output?: Output }
  /** This file must be read slowly before the question can be answered. */
  | { readonly kind: "tooMuch"; readonly path: string }
  /** Ask again when this has settled. */
  | { readonly kind: "waiting"; readonly until: Promise<void> };

/** What a file's look means to the task that reads it. */
export function problemOf(
  path: string,
  found: Unreadable | TooMuch,
): Extract<Unanswered, { readonly kind: "unreadable" | "tooMuch" }> {
  return "tooMuch" in found
    ? { kind: "tooMuch", path }
    : { kind: "unreadable", failure: { kind: "source", path, detail: found.detail } };
}
