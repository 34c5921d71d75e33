/**
 * Owns the threads in which modules run during one execution: opened when first needed, used again for whatever may have
 * the same rights, and ended with the execution.
 * It decides nothing about tasks; there are never more threads at work than attempts, but for those that are given up.
 *
 * @module
 */
import { resolve } from "@std/path/posix/resolve";
import { quote } from "../../graph/mistakes.ts";
import { Guards, keyOf } from "../guards.ts";
import { type Answer, Sandbox } from "../sandbox.ts";
import type { Rights, Thrown } from "../sandbox_messages.ts";
import { cannotSend } from "./module_argument.ts";
import type { ModuleExecutor, ModulePermissions } from "./module_executor.ts";
import { ownModules } from "./own_modules.ts";

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
  /** It is not at work any more. */
  readonly end: PromiseWithResolvers<void>;
}

/** The threads of one execution. */
export class ModulePool implements AsyncDisposable {
  readonly #most: number;
  readonly #guards = new Guards();
  readonly #running = new Set<Running>();
  /** Rights → threads that have them and nothing to do, those used last at the end. */
  readonly #idle = new Map<string, Sandbox[]>();
  readonly #rights = new Map<ModuleExecutor, Rights>();

  /** At most so many threads are kept. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Calls the function with a copy of the argument; rejects with whatever it throws. */
  async run(executor: ModuleExecutor, { argument, signal, begin }: ModuleCall): Promise<unknown> {
    const rights = this.#rightsOf(executor);
    const sandbox = this.#take(rights);
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
      this.#keep(sandbox, rights);
      running.end.resolve();
    }
  }

  /** Ends all threads; those given up have the rest of their time. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { isGivenUp, sandbox } of this.#running) if (!isGivenUp) sandbox[Symbol.dispose]();
    await Promise.all([...this.#running].map(({ end }) => end.promise));
    for (const sandboxes of this.#idle.values()) for (const sandbox of sandboxes) sandbox[Symbol.dispose]();
    this.#idle.clear();
    this.#guards[Symbol.dispose]();
  }

  #take(rights: Rights): Sandbox {
    const idle = this.#idle.get(keyOf(rights)) ?? [];
    for (let sandbox = idle.pop(); sandbox !== undefined; sandbox = idle.pop()) {
      // What the last call has left behind may have ended it since.
      if (sandbox.isOpen) return sandbox;
    }
    const idleCount = [...this.#idle.values()].reduce((sum, sandboxes) => sum + sandboxes.length, 0);
    if (idleCount > 0 && idleCount + this.#running.size >= this.#most) this.#endOne();
    return new Sandbox(rights, (rights, ports) => this.#guards.connect(rights, ports));
  }

  /** One of other rights has to go. */
  #endOne(): void {
    for (const sandboxes of this.#idle.values()) {
      const sandbox = sandboxes.shift();
      if (sandbox !== undefined) return sandbox[Symbol.dispose]();
    }
  }

  #keep(sandbox: Sandbox, rights: Rights): void {
    if (!sandbox.isOpen) return;
    const key = keyOf(rights);
    const idle = this.#idle.get(key);
    if (idle === undefined) this.#idle.set(key, [sandbox]);
    else idle.push(sandbox);
  }

  #rightsOf(executor: ModuleExecutor): Rights {
    let rights = this.#rights.get(executor);
    if (rights === undefined) this.#rights.set(executor, rights = rightsOf(executor));
    return rights;
  }
}

function call(
  sandbox: Sandbox,
  { executor: { module, options }, argument }: {
    readonly executor: ModuleExecutor;
    readonly argument: Readonly<Record<string, unknown>>;
  },
): Promise<Answer> {
  try {
    return sandbox.call({ module: module.href, export: options.export ?? "default", argument }, { onPrinted });
  } catch (error) {
    throw cannotSend(argument, error);
  }
}

/** What is declared, and reading its own modules. */
function rightsOf({ module, options: { permissions = {} } }: ModuleExecutor): Rights {
  const { read, write, ffi, ...others } = permissions;
  return {
    ...others,
    read: read === true ? true : [...ownModules(module), ...absolute(read) as string[] ?? []],
    write: absolute(write),
    ffi: absolute(ffi),
  };
}

function absolute(right: ModulePermissions["read"]): ModulePermissions["read"] {
  return right === true ? true : right?.map((path) => resolve(path));
}

/** What a module prints is the program's own. */
function onPrinted(stream: "stdout" | "stderr", text: string): void {
  const line = text.replace(/\n$/, "");
  if (stream === "stdout") console.log(line);
  else console.error(line);
}

function valueOf(answer: Answer, { module }: ModuleExecutor): unknown {
  switch (answer.kind) {
    case "returned":
      return answer.value;
    case "threw":
      throw errorOf(answer.thrown);
    case "ended":
      throw new Error(`Thread of module ${quote(module.href)} ended: ${answer.detail}`);
  }
}

/** As it was thrown, or with what to do about a right that was lacking. */
function errorOf({ name, message, stack, lacking }: Thrown): Error {
  const error = new Error(lacking === undefined ? message : lackingSentence(lacking));
  error.name = name;
  error.stack = stack;
  return error;
}

function lackingSentence({ access, to }: NonNullable<Thrown["lacking"]>): string {
  const right = to === undefined ? "true" : `[${JSON.stringify(to)}]`;
  const what = to === undefined ? access : `${access} ${quote(to)}`;
  return `Module has no right to ${what}: give it { permissions: { ${access}: ${right} } }`;
}
