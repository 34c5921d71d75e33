/**
 * Owns what a task is: the data every other part reads, and nothing that acts on it.
 * It never knows where a task was written, whether it is fresh, or who runs it.
 *
 * @module
 */

/** So often at most is a task tried again. */
export const MOST_RETRIES = 1000;

/** The longest time that may be asked for, in milliseconds: a timer holds no more. */
export const LONGEST_TIME_MS = 2 ** 31 - 1;

/** More workers than any machine has a use for. */
export const MOST_WORKERS = 1024;

/** What a task does. A closed union: whoever acts on it ends its switch with {@linkcode unreachable}. */
export type Action =
  /** Run text with `/bin/sh -c` in the config's folder, or in one within it. */
  | { readonly kind: "command"; readonly command: string; readonly cwd?: string }
  /** Write literal text. */
  | { readonly kind: "content"; readonly content: string }
  /** Call an exported function of a module, where it may do no more than is declared. */
  | ModuleAction
  /** Join the sources in order or, having none, the artifacts of the dependencies in order. */
  | { readonly kind: "concatenate" };

/** A call of a module's function. */
export interface ModuleAction {
  readonly kind: "module";
  /** Path of the module as declared, normalised as a source. */
  readonly module: string;
  /** Name of the function. */
  readonly export: string;
  /** Any JSON. */
  readonly args: unknown;
  /** Rights beside those that the other declarations imply; absent when there are none. */
  readonly permissions?: Permissions;
  /** The function has a process of its own for each call, instead of a thread. It makes the same there. */
  readonly isolate?: "process";
}

/** How long a command has between being asked to end and SIGKILL, unless it or its run says otherwise. */
export const DEFAULT_GRACE_MS = 5000;

/** Stands for a dependency file whose path the command is told, and which is gone after it. */
export const OWN_DEPFILE = "$DEPFILE";

/** The kinds of permissions, as Deno names them. */
export const PERMISSION_KINDS = ["read", "write", "net", "run", "env", "ffi", "sys", "import"] as const;

/** Rights by kind: all of that kind, or those listed. Paths start at the config's folder. */
export type Permissions = { readonly [Kind in (typeof PERMISSION_KINDS)[number]]?: true | readonly string[] };

/** One output as it is declared. */
export interface DeclaredOutput {
  /** Normal, without a slash at its end, relative to the config's folder; of a glob its text. */
  readonly path: string;
  readonly kind: OutputKind;
}

/**
 * What an output may turn out to be.
 *
 * - `file`: a file or a link to one; by `output_artifact`.
 * - `path`: this or a folder, whichever is there.
 * - `folder`: a folder, as it is written with a slash at its end.
 * - `glob`: all files that it matches, however many.
 */
export type OutputKind = "file" | "path" | "folder" | "glob";

/** One task as the user declared it, checked and normalised. */
export interface Task {
  /** Unique in its config. */
  readonly name: string;
  readonly action: Action;
  /** Names of the tasks whose artifacts must be in place first, each once, in declared order. */
  readonly dependencies: readonly string[];
  /** Names of the tasks that must be done first although nothing of theirs is an input; absent when there are none. */
  readonly after?: readonly string[];
  /** Files and globs as declared, `/`-separated, relative to the config's folder. */
  readonly sourceFiles: readonly string[];
  /** What it makes, in declared order; nothing for a check. */
  readonly outputs: readonly DeclaredOutput[];
  /** By path the SHA-256 that an artifact must have, 64 lower-case hex digits; absent when none is declared. */
  readonly expected?: Readonly<Record<string, string>>;
  /** Declared environment; part of the fingerprint. */
  readonly env: Readonly<Record<string, string>>;
  /** Where its command names the files that it has read: {@linkcode OWN_DEPFILE}, or a path like that of an output. */
  readonly depfile?: string;
  /** Commands whose output is part of the fingerprint, each once; absent where there are none. */
  readonly tools?: readonly string[];
  /** Limit for one attempt in milliseconds; absent means none. */
  readonly timeoutMs?: number;
  /** From being asked to end to being made to, in milliseconds; absent means the run's own. */
  readonly graceMs?: number;
  /** Further attempts after a failed one; 0 means one attempt in all. */
  readonly retries: number;
  /** Whether it is tried again only if it is flaky by the history. */
  readonly retriesIfFlaky?: boolean;
  /** Words by which it can be asked for together with others; absent when there are none. */
  readonly tags?: readonly string[];
  /** What it is for, in the words of the config; tells nothing to anybody but people. */
  readonly description?: string;
  /** What the gates are told beside all this; absent where nothing was declared, as for most tasks. */
  readonly declared?: Declarations;
  /** What it makes is never put into a store, nor taken out of one. */
  readonly isUnstored?: true;
}

/**
 * What a task touches and costs beside its sources and its artifact: for the gates alone, which decide what may run
 * together, and so no part of the fingerprint. What was not declared is absent.
 */
export interface Declarations {
  /** Files and globs it reads beside its sources, normalised as these. */
  readonly reads?: readonly string[];
  /** Files and globs it writes beside its artifact, normalised as sources. */
  readonly writes?: readonly string[];
  /** From 1, which is what an undeclared one counts as, to 10. */
  readonly difficulty?: number;
  /** Names of shared mutable state: counters, connections, rate limits. */
  readonly shares?: readonly string[];
  /** How much of each resource it holds while it runs, each more than 0. */
  readonly resources?: Readonly<Record<string, number>>;
  /** Labels a member of a crew must have to be given it. */
  readonly requirements?: readonly string[];
}

/** The names of all tasks that must be done before a task, those whose artifacts it reads first. */
export function awaitedBy({ dependencies, after }: Pick<Task, "dependencies" | "after">): readonly string[] {
  return after === undefined ? dependencies : [...dependencies, ...after];
}

/** Marks the place a closed union has been used up; reaching it is a bug. */
export function unreachable(value: never): never {
  throw new Error(`Bug: unexpected value ${JSON.stringify(value)}`);
}
