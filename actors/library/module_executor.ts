/**
 * Owns what is said of a task that is a module's function: where it is, and what it may do. It runs nothing;
 * module_pool.ts does.
 *
 * @module
 */

import { shownValue } from "../../graph/text.ts";

/**
 * What a module may do: everything of a kind (`true`), or with these alone. Paths that are not absolute start at the current
 * folder.
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

/** Choices for {@linkcode moduleExecutor}. */
export interface ModuleExecutorOptions {
  /** Name of the function; default `default`. */
  readonly export?: string;
  /** What it may do beside reading its own modules; default nothing. */
  readonly permissions?: ModulePermissions;
  /**
   * `process`: in a process of its own for each call, which can neither end nor stop the program, nor take its memory.
   * Default: in a thread.
   */
  readonly isolate?: "process";
  /** Keys of the shared state that are sent to it; default those there were when the execution began, but for results. */
  readonly stateKeys?: readonly string[];
}

/**
 * A function of a module, to be run in a thread or process of its own; made by {@linkcode moduleExecutor}.
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

  /**
   * Nothing is loaded before a task with it starts.
   *
   * @throws {TypeError} When the module is no URL, or `isolate` nothing that there is.
   */
  constructor(module: string | URL, options: ModuleExecutorOptions = {}) {
    this.module = urlOf(module);
    const { isolate } = options;
    if (isolate !== undefined && isolate !== "process") {
      throw new TypeError(`The option 'isolate' of an executor must be "process", not ${shownValue(isolate)}`);
    }
    this.options = options;
  }
}

/** A path alone does not say what it starts from. */
function urlOf(module: string | URL): URL {
  if (URL.canParse(module)) return new URL(module);
  const example = `new URL(${JSON.stringify(String(module))}, import.meta.url)`;
  throw new TypeError(`The module of an executor must be a URL, not '${module}': write ${example}`);
}

/**
 * An executor that runs a function of a module in a thread of its own, so that tasks that compute do so at the same time.
 *
 * The function is called with a copy of the context: `taskId`, `taskMetadata`, `dependencyResults`, `attempt`, keys of the
 * shared state, and a `signal`; what it returns is copied back. It has no permissions but to read its own modules, and those in
 * `permissions`. When its time is up or the execution is cancelled, its `signal` is aborted and, a quarter of a second later,
 * its thread ended, whatever it is doing. A thread takes half a second to start on Deno 2.9, which is no part of the time that
 * a task has, and is used again by further tasks with the same permissions.
 *
 * The program has to run with `--unstable-worker-options`, or `"unstable": ["worker-options"]` in its deno.json. With
 * `isolate: "process"` it needs the right to run Deno instead, and each call has a process of its own, which is ended with all
 * that it has started.
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
