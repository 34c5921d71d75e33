/**
 * Owns what a task is: the data every other part reads, and nothing that acts on it.
 * It never knows where a task was written, whether it is fresh, or who runs it.
 *
 * @module
 */

/** What a task does. A closed union: whoever acts on it ends its switch with {@linkcode unreachable}. */
export type Action =
  /** Run text with `/bin/sh -c` in the config's folder. */
  | { readonly kind: "command"; readonly command: string }
  /** Write literal text. */
  | { readonly kind: "content"; readonly content: string }
  /** Call an exported function of a module, in a thread that may do no more than is declared. */
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
}

/** The kinds of rights, as Deno names them. */
export const PERMISSION_KINDS = ["read", "write", "net", "run", "env", "ffi", "sys", "import"] as const;

/** Rights by kind: all of that kind, or those listed. Paths start at the config's folder. */
export type Permissions = { readonly [Kind in (typeof PERMISSION_KINDS)[number]]?: true | readonly string[] };

/** One task as the user declared it, checked and normalised. */
export interface Task {
  /** Unique in its config. */
  readonly name: string;
  readonly action: Action;
  /** Names of the tasks whose artifacts must be in place first, each once, in declared order. */
  readonly dependencies: readonly string[];
  /** Files and globs as declared, `/`-separated, relative to the config's folder. */
  readonly sourceFiles: readonly string[];
  /** Normalised path of the artifact, `/`-separated, relative to the config's folder. */
  readonly output: string;
  /** SHA-256 the artifact must have, 64 lower-case hex digits. */
  readonly expectedSha256?: string;
  /** Declared environment; part of the fingerprint. */
  readonly env: Readonly<Record<string, string>>;
  /** Limit for one attempt in milliseconds; absent means none. */
  readonly timeoutMs?: number;
  /** Further attempts after a failed one; 0 means one attempt in all. */
  readonly retries: number;
  /** What the gates are told beside all this; absent where nothing was declared, as for most tasks. */
  readonly declared?: Declarations;
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

/** Marks the place a closed union has been used up; reaching it is a bug. */
export function unreachable(value: never): never {
  throw new Error(`Bug: unexpected value ${JSON.stringify(value)}`);
}
