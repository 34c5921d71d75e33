/**
 * Owns what is said of a task that is a module's function: where it is, and what it may do. It runs nothing;
 * module_pool.ts does.
 *
 * @module
 */

/**
 * What a module may do: everything of a kind (`true`), or with these alone. Paths that are not absolute start at the current
 * folder.
 *
 * @example
 * ```ts
 * import { moduleExecutor, type ModulePermissions } from "./mod.ts";
 *
 * const permissions: ModulePermissions = { read: ["./data"], net: ["example.org"], env: true };
 * console.log(moduleExecutor(new URL("./fetch.ts", import.meta.url), { permissions }).options.permissions?.env); // true
 * ```
 */
export interface ModulePermissions {
  /** Files and folders. */
  readonly read?: true | readonly string[];
  /** Files and folders. */
  readonly write?: true | readonly string[];
  /** Hosts, with a port or without. */
  readonly net?: true | readonly string[];
  /** Names of variables. */
  readonly env?: true | readonly string[];
  /** Names or paths of programs. */
  readonly run?: true | readonly string[];
  /** Paths of native libraries. */
  readonly ffi?: true | readonly string[];
  /** What to know of the system, as Deno names it. */
  readonly sys?: true | readonly string[];
  /** Hosts to load code from. */
  readonly import?: true | readonly string[];
}

/**
 * Choices for {@linkcode moduleExecutor}.
 *
 * @example
 * ```ts
 * import { moduleExecutor, type ModuleExecutorOptions } from "./mod.ts";
 *
 * const options: ModuleExecutorOptions = { export: "count", permissions: { read: ["./data"] }, stateKeys: ["limit"] };
 * console.log(moduleExecutor(new URL("./count.ts", import.meta.url), options).options.export); // count
 * ```
 */
export interface ModuleExecutorOptions {
  /** Name of the function; default `default`. */
  readonly export?: string;
  /** What it may do beside reading its own modules; default nothing. */
  readonly permissions?: ModulePermissions;
  /** Keys of the shared state that are sent to it; default those there were when the execution began, but for results. */
  readonly stateKeys?: readonly string[];
}

/**
 * A function of a module, to be run in a thread of its own; made by {@linkcode moduleExecutor}.
 *
 * @example
 * ```ts
 * import { moduleExecutor, ModuleExecutor } from "./mod.ts";
 *
 * const executor: ModuleExecutor = moduleExecutor(new URL("./hash.ts", import.meta.url));
 * console.log(executor.module.pathname.endsWith("/hash.ts")); // true
 * ```
 */
export class ModuleExecutor {
  /** Where the module is. */
  readonly module: URL;
  /** The choices that were made. */
  readonly options: ModuleExecutorOptions;

  /** Nothing is loaded before a task with it starts. */
  constructor(module: string | URL, options: ModuleExecutorOptions = {}) {
    this.module = new URL(module);
    this.options = options;
  }
}

/**
 * An executor that runs a function of a module in a thread of its own, so that tasks that compute do so at the same time.
 *
 * The function is called with a copy of the context: `taskId`, `taskMetadata`, `dependencyResults`, `attempt`, keys of the
 * shared state, and a `signal`; what it returns is copied back. It has no rights but to read its own modules, and those in
 * `permissions`. When its time is up or the execution is cancelled, its `signal` is aborted and, a quarter of a second later,
 * its thread ended, whatever it is doing. A thread takes half a second to start on Deno 2.9, which is no part of the time that
 * a task has, and is used again by further tasks with the same rights.
 *
 * The program has to run with `--unstable-worker-options`, or `"unstable": ["worker-options"]` in its deno.json.
 *
 * @example
 * ```ts
 * import { DependencyAwareScheduler, moduleExecutor } from "./mod.ts";
 *
 * const module = new URL("data:text/javascript,export default ({ dependencyResults: { n } }) => n * n");
 * const scheduler = new DependencyAwareScheduler();
 * scheduler.addTask("n", () => 12);
 * scheduler.addTask("square", moduleExecutor(module), ["n"]);
 * console.log((await scheduler.execute()).taskResults.square); // 144
 * ```
 */
export function moduleExecutor(module: string | URL, options: ModuleExecutorOptions = {}): ModuleExecutor {
  return new ModuleExecutor(module, options);
}
