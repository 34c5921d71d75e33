/**
 * Owns the threads and processes in which modules run during one execution, and ends them with it.
 * It decides nothing about tasks; there are never more than attempts at once, nor than open files are allowed for: then a call
 * waits for another's.
 *
 * @module
 */
import type { Permissions } from "../../graph/task.ts";
import { resolve } from "@std/path/posix/resolve";
import { sandboxesThatFit } from "../machine/descriptor_limit.ts";
import { Guards } from "../sandbox/guards.ts";
import { ownModules } from "../sandbox/module_files.ts";
import { resolvedPermissions } from "../sandbox/permissions.ts";
import { ProcessWatch } from "../sandbox/process_watch.ts";
import type { Answer, Sandbox } from "../sandbox/sandbox.ts";
import { frame } from "../sandbox/sandbox_frames.ts";
import { startProcess } from "../sandbox/sandbox_host.ts";
import type { SandboxPorts, Thrown } from "../sandbox/sandbox_messages.ts";
import { SandboxPool } from "../sandbox/sandbox_pool.ts";
import { whatProcessesLack } from "../sandbox/thread_needs.ts";
import { giveBackInput } from "../machine/terminal_input.ts";
import { thrownLine, thrownText } from "../sandbox/thrown.ts";
import { cannotSend } from "./module_argument.ts";
import type { ModuleExecutor } from "./module_executor.ts";
import { quote } from "../../graph/text.ts";

/** How long a function has, once its signal is aborted, before its thread is ended. */
const GRACE_MS = 250;

/** What a function is called with. */
interface ModuleCall {
  readonly argument: Readonly<Record<string, unknown>>;
  /** Gives it up. */
  readonly signal: AbortSignal;
  /** Told when the thread runs and the function is about to. */
  readonly begin: () => void;
}

/** A function at work, or about to. */
interface Running {
  readonly sandbox: Sandbox;
  isGivenUp: boolean;
  /** Settles when the call is not at work any more. */
  readonly end: PromiseWithResolvers<void>;
}

/** The threads and processes of one execution. */
export class ModulePool implements AsyncDisposable {
  readonly #most: number;
  /** Made with the first call. */
  #sandboxes: SandboxPool | undefined;
  readonly #guards = new Guards();
  readonly #running = new Set<Running>();
  /** Processes that are still there: a loop in one would go on when the program has ended. */
  readonly #processes = new Set<Promise<void>>();
  readonly #permissions = new Map<ModuleExecutor, Permissions>();
  readonly #watch = new ProcessWatch();

  /** There are at most so many. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Calls the function with a copy of the argument; rejects with whatever it throws. */
  async run(executor: ModuleExecutor, { argument, signal, begin }: ModuleCall): Promise<unknown> {
    const sandboxes = this.#sandboxes ??= new SandboxPool(mostThreads(this.#most), {
      connect: (permissions, ports) => this.#guards.connect(permissions, ports),
      connectAlone: (permissions, ports) => this.#startAlone(permissions, ports),
    });
    const isAlone = executor.options.isolate === "process";
    const sandbox = await sandboxes.take(executor.module.href, this.#resolvedPermissions(executor), {
      isAlone,
      signal,
    });
    const running: Running = { sandbox, isGivenUp: false, end: Promise.withResolvers() };
    this.#running.add(running);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const giveUp = () => {
      running.isGivenUp = true;
      sandbox.abort(signal.reason?.name === "TimeoutError" ? "timeout" : "cancelled");
      timer = setTimeout(() => sandbox[Symbol.dispose](), GRACE_MS);
    };
    signal.addEventListener("abort", giveUp);
    try {
      await sandbox.ready;
      signal.throwIfAborted();
      begin();
      return valueOf(await call(sandbox, { executor, argument }), executor);
    } finally {
      signal.removeEventListener("abort", giveUp);
      clearTimeout(timer);
      this.#running.delete(running);
      sandboxes.giveBack(sandbox);
      running.end.resolve();
    }
  }

  /** Ends all threads; those given up have the rest of their time. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { isGivenUp, sandbox } of this.#running) if (!isGivenUp) sandbox[Symbol.dispose]();
    await Promise.all([...this.#running].map(({ end }) => end.promise));
    await this.#sandboxes?.finish();
    await Promise.all(this.#processes);
    await this.#watch.close();
    this.#guards[Symbol.dispose]();
    giveBackInput();
  }

  /** What is declared, and reading its own modules; found out once. */
  #resolvedPermissions(executor: ModuleExecutor): Permissions {
    let permissions = this.#permissions.get(executor);
    if (permissions === undefined) {
      const { module, options } = executor;
      permissions = resolvedPermissions(options.permissions, {
        own: ownModules(module),
        absolute: (path) => resolve(path),
      });
      this.#permissions.set(executor, permissions);
    }
    return permissions;
  }

  /** Starts a process, in the folder and with the environment of this one. */
  #startAlone(permissions: Permissions, ports: SandboxPorts): void {
    const sentence = whatProcessesLack();
    if (sentence !== undefined) throw new Error(sentence);
    const context = { folder: Deno.cwd(), mark: this.#watch.mark() };
    const process = startProcess(permissions, ports, context).finally(() => this.#processes.delete(process));
    this.#processes.add(process);
  }
}

/** How many threads there may be, which is said where it is fewer than are wanted. */
function mostThreads(wanted: number): number {
  const { sandboxes, mayOpen } = sandboxesThatFit(wanted);
  const why = `too few open files are allowed (${mayOpen}); see ulimit -n`;
  if (sandboxes === 0) throw new Error(`Cannot start a thread for a module: ${why}`);
  if (sandboxes < wanted) console.error(`Using ${sandboxes} of ${wanted} threads for modules: ${why}`);
  return sandboxes;
}

function call(
  sandbox: Sandbox,
  { executor: { module, options }, argument }: {
    readonly executor: ModuleExecutor;
    readonly argument: Readonly<Record<string, unknown>>;
  },
): Promise<Answer> {
  // Memory can be shared with a thread, but not with a process.
  const copy = (value: unknown) => options.isolate === "process" ? frame("", value) : structuredClone(value);
  try {
    if (options.isolate === "process") copy(argument);
    const onLate = (thrown: Thrown) => console.error(lateText(String(argument.taskId), thrown));
    return sandbox.call({ module: module.href, export: options.export ?? "default", argument }, { onPrinted, onLate });
  } catch (error) {
    throw cannotSend(argument, { cause: error, copy });
  }
}

/** What a module prints is the program's own. */
function onPrinted(stream: "stdout" | "stderr", text: string): void {
  const line = text.replace(/\n$/, "");
  if (stream === "stdout") console.log(line);
  else console.error(line);
}

function valueOf(answer: Answer, { module, options }: ModuleExecutor): unknown {
  switch (answer.kind) {
    case "returned":
      return answer.value;
    case "threw":
      throw errorOf(answer.thrown);
    case "ended": {
      const what = options.isolate === "process" ? "Process" : "Thread";
      throw new Error(`${what} of module ${quote(module.href)} ended: ${answer.detail}`);
    }
  }
}

/** As it was thrown, with its causes, or with what to do about a right that was lacking. */
function errorOf({ name, message, stack, lacking, cause, errors }: Thrown): Error {
  const told = lacking === undefined ? message : lackingSentence(lacking);
  const options = cause === undefined ? {} : { cause: errorOf(cause) };
  const error = errors === undefined
    ? new Error(told, options)
    : new AggregateError(errors.map(errorOf), told, options);
  error.name = name;
  error.stack = stack;
  return error;
}

/** There is nobody any more to throw it at. */
function lateText(task: string, thrown: Thrown): string {
  return `Task ${quote(task)} left an error to nobody: ${thrownLine(thrown)}\n${thrownText(thrown)}`.trimEnd();
}

function lackingSentence({ access, to }: NonNullable<Thrown["lacking"]>): string {
  const right = to === undefined ? "true" : `[${JSON.stringify(to)}]`;
  const what = to === undefined ? access : `${access} ${quote(to)}`;
  return `Module has no right to ${what}: give it { permissions: { ${access}: ${right} } }`;
}
