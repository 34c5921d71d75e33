/**
 * Owns what is said of a task that is a module's function: where it is, and what it may do. It runs nothing;
 * module_pool.ts does.
 *
 * @module
 */

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
  /** What it may do beside reading its own modules; default nothing. As for Deno's `Worker`. */
  readonly permissions?: Deno.PermissionOptions;
  /** Keys of the shared state that are sent with it; default all but those that hold results of tasks. */
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
 * `permissions`. When its time is up or the execution is cancelled, its thread is ended, whatever it is doing.
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
