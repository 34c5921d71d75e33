/**
 * Owns every sentence about something a user got wrong or a task died of: one closed union, one text each.
 * It never prints, never reads files, and knows no line numbers: a {@linkcode Place} says where in the config
 * the diagnostic stands, and whoever shows it looks the line up.
 *
 * @module
 */
import { unreachable } from "./task.ts";

/** Keys and indexes from the root of a JSON document to one value. */
export type JsonPath = readonly (string | number)[];

/**
 * Where a diagnostic stands: by path in a JSON config, or by UTF-16 offsets in any text. `file` tells which of the configs
 * that a build consists of is meant, as it is written; without it a path leads through what came of all of them.
 */
export type Place =
  & { readonly file?: number }
  & ({ readonly path: JsonPath; readonly of: "key" | "value" } | { readonly start: number; readonly end: number });

/** A diagnostic in the input: nothing is started, exit code 2. */
export interface Diagnostic {
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
  /** Nothing was written; `isSpoilt` when something lies there that is known to be something else. */
  /** `variable` tells the command where to write it; absent for what a glob means. */
  | { readonly kind: "no-artifact"; readonly path: string; readonly variable?: string; readonly isSpoilt: boolean }
  | { readonly kind: "checksum"; readonly path: string; readonly expected: string; readonly actual: string }
  | { readonly kind: "source"; readonly path: string; readonly detail: string }
  /** Its dependency file was not written, or cannot be used; `at` is a line and a column. */
  | {
    readonly kind: "depfile";
    readonly path: string;
    readonly detail: string;
    readonly at?: readonly [number, number];
  }
  /** It was found to read what another task makes, and does not wait for it. */
  | { readonly kind: "unawaited"; readonly path: string; readonly task: string; readonly producer: string }
  /** A command that tells of a tool did not do so. */
  | { readonly kind: "tool"; readonly command: string; readonly detail: string }
  | { readonly kind: "io"; readonly doing: string; readonly path: string; readonly detail: string }
  /** The config's folder is not where it was. */
  | { readonly kind: "moved"; readonly path: string; readonly detail: string }
  | { readonly kind: "crash"; readonly detail: string }
  /** What it was to lock was not to be had. */
  | { readonly kind: "locked"; readonly detail: string }
  /** A module threw, could not be loaded, or ended its thread. */
  | { readonly kind: "module"; readonly detail: string }
  | { readonly kind: "no-content"; readonly path: string }
  /** A module that only `deno run` could load. */
  | { readonly kind: "typescript"; readonly path: string }
  | ({ readonly kind: "right" } & LackingRight);

/** Signals that end a command from outside: who stops a job, a service or a machine, and who needs its memory. */
const FROM_OUTSIDE: ReadonlySet<string> = new Set(["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"]);

/** Whether a command was killed by somebody else, which is no fault of its own. */
export function isKilled(failure: TaskFailure): boolean {
  return failure.kind === "signal" && FROM_OUTSIDE.has(failure.signal);
}

/** Whether the machine failed a task, or its neighbours, which tells nothing of its work. */
export function isOfMachine({ kind }: TaskFailure): boolean {
  return kind === "io" || kind === "spawn" || kind === "locked" || kind === "moved";
}

/** A right that a module asked for and that its task does not declare. */
export interface LackingRight {
  /** As Deno names it: `read`, `net`, `env` and so on. */
  readonly access: string;
  /** To what, paths relative to the config's folder where they can be; absent when it was to everything. */
  readonly to?: string;
  /** Whether it was asked for by an import. */
  readonly byImport: boolean;
  /** Whether it is a file of the task's, asked for in a way that only a right would permit. */
  readonly isDeclared: boolean;
}

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
      return `Command wrote no artifact: write to ${failure.variable ? `"$${failure.variable}" or to ` : ""}` +
        `'${failure.path}'` + (failure.isSpoilt ? ", which was edited since it was made" : "");
    case "checksum":
      return `Artifact '${failure.path}' has SHA-256 ${failure.actual}, expected ${failure.expected}`;
    case "source":
      return `Cannot read source '${failure.path}': ${failure.detail}`;
    case "depfile":
      return `Cannot use dependency file '${failure.path}': ${failure.detail}` +
        (failure.at === undefined ? "" : ` (${failure.path}:${failure.at.join(":")})`);
    case "unawaited":
      return `Task '${failure.task}' reads '${failure.path}', ` +
        `which task '${failure.producer}' makes, without waiting for it: ` +
        `add '${failure.producer}' to its dependencies, or to 'after'`;
    case "tool":
      return `Tool '${failure.command}' failed: ${failure.detail}`;
    case "io":
      return `Cannot ${failure.doing} '${failure.path}': ${failure.detail}`;
    case "moved":
      return `Cannot go on in '${failure.path}': ${failure.detail}`;
    case "locked":
      return failure.detail;
    case "crash":
      return `Worker crashed: ${failure.detail}`;
    case "module":
      return `Module failed: ${failure.detail}`;
    case "no-content":
      return `Module made no artifact: return the content of '${failure.path}', or write it to out`;
    case "typescript":
      return `Module '${failure.path}' is TypeScript, which the compiled troupe cannot load: ` +
        "write it in JavaScript, or run troupe with deno run";
    case "right":
      return `Module may not ${wish(failure)}: ${remedy(failure)}`;
    default:
      return unreachable(failure);
  }
}

function wish({ access, to }: LackingRight): string {
  const what = to === undefined ? "anything" : `'${to}'`;
  switch (access) {
    case "env":
      return to === undefined ? "read the environment" : `read the environment variable ${what}`;
    case "net":
      return `connect to ${what}`;
    case "ffi":
      return `load the library ${what}`;
    case "sys":
      return `ask the system for ${what}`;
    case "import":
      return `import from ${what}`;
    default:
      return `${access} ${what}`;
  }
}

/** Best is what lets a change be noticed; the rest is a right. */
function remedy({ access, to, byImport, isDeclared }: LackingRight): string {
  const right = `add "permissions": {"${access}": ${to === undefined ? "true" : JSON.stringify([to])}}`;
  if (byImport && access === "read") return `import it by a path that is written out, or ${right}`;
  if (access === "read" && isDeclared) return `read it by read() or text(), or ${right}`;
  if (access === "read" && to !== undefined) return `add it to "source_files", or ${right}`;
  if (access === "write") return `return the content or write it to out, or ${right}`;
  if (access === "env" && to !== undefined) return `declare it in "env", or ${right}`;
  return right;
}
