/**
 * Owns every sentence about something a user got wrong or a task died of: one closed union, one text each.
 * It never prints, never reads files, and knows no line numbers: a {@linkcode Place} says where in the config
 * the mistake stands, and whoever shows it looks the line up.
 *
 * @module
 */
import { unreachable } from "./task.ts";

/** Keys and indexes from the root of a JSON document to one value. */
export type JsonPath = readonly (string | number)[];

/** Where a mistake stands: by path in a JSON config, or by UTF-16 offsets in any text. */
export type Place =
  | { readonly path: JsonPath; readonly of: "key" | "value" }
  | { readonly start: number; readonly end: number };

/** A mistake in the input: nothing is started, exit code 2. */
export interface Mistake {
  /** The exact first line. */
  readonly message: string;
  /** Where it stands; two places when two things clash, none when it is not in the text. */
  readonly places: readonly Place[];
  /** What to do about it, shown beside the last caret, e.g. `did you mean 'assets'?`. */
  readonly hint?: string;
}

/** Why a task failed. These are reasons of the one status `failed`. */
export type TaskFailure =
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: string }
  | { readonly kind: "timeout"; readonly timeoutMs: number }
  | { readonly kind: "cancelled" }
  | { readonly kind: "spawn"; readonly detail: string }
  | { readonly kind: "no-artifact"; readonly path: string }
  | { readonly kind: "checksum"; readonly path: string; readonly expected: string; readonly actual: string }
  | { readonly kind: "source"; readonly path: string; readonly detail: string }
  | { readonly kind: "io"; readonly doing: string; readonly path: string; readonly detail: string }
  | { readonly kind: "crash"; readonly detail: string };

/** The text of a task's failure: what stands after `error:` in its line and in `error_message`. */
export function describeTaskFailure(failure: TaskFailure): string {
  switch (failure.kind) {
    case "exit":
      return `Command failed with exit code ${failure.code}`;
    case "signal":
      return `Command was ended by signal ${failure.signal}`;
    case "timeout":
      return `Timed out after ${failure.timeoutMs / 1000}s`;
    case "cancelled":
      return "Cancelled";
    case "spawn":
      return `Cannot start command: ${failure.detail}`;
    case "no-artifact":
      return `Command wrote no artifact: write to "$OUT" or to '${failure.path}'`;
    case "checksum":
      return `Artifact '${failure.path}' has SHA-256 ${failure.actual}, expected ${failure.expected}`;
    case "source":
      return `Cannot read source '${failure.path}': ${failure.detail}`;
    case "io":
      return `Cannot ${failure.doing} '${failure.path}': ${failure.detail}`;
    case "crash":
      return `Worker crashed: ${failure.detail}`;
    default:
      return unreachable(failure);
  }
}
