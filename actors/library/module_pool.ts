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

/** A function at work. */
interface Running {
  readonly sandbox: Sandbox;
  readonly answer: Promise<Answer>;
  isGivenUp: boolean;
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

  /** Calls the function with a copy of the argument; rejects with whatever it throws. The signal gives it up. */
  async run(
    executor: ModuleExecutor,
    { argument, signal }: { readonly argument: Readonly<Record<string, unknown>>; readonly signal: AbortSignal },
  ): Promise<unknown> {
    const rights = this.#rightsOf(executor);
    const running = this.#call(executor, { rights, argument });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const giveUp = () => {
      running.isGivenUp = true;
      running.sandbox.abort(signal.reason?.name === "TimeoutError" ? "timeout" : "cancelled");
      timer = setTimeout(() => running.sandbox[Symbol.dispose](), GRACE_MS);
    };
    signal.addEventListener("abort", giveUp);
    const answer = await running.answer;
    signal.removeEventListener("abort", giveUp);
    clearTimeout(timer);
    this.#running.delete(running);
    this.#keep(running.sandbox, rights);
    return valueOf(answer, executor);
  }

  /** Ends all threads; those given up have the rest of their time. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { isGivenUp, sandbox } of this.#running) if (!isGivenUp) sandbox[Symbol.dispose]();
    await Promise.all([...this.#running].map(({ answer }) => answer));
    for (const sandboxes of this.#idle.values()) for (const sandbox of sandboxes) sandbox[Symbol.dispose]();
    this.#idle.clear();
    this.#guards[Symbol.dispose]();
  }

  #call(
    { module, options }: ModuleExecutor,
    { rights, argument }: { readonly rights: Rights; readonly argument: Readonly<Record<string, unknown>> },
  ): Running {
    const sandbox = this.#take(rights);
    try {
      const call = { module: module.href, export: options.export ?? "default", argument };
      const answer = sandbox.call(call, { onPrinted });
      const running = { sandbox, answer, isGivenUp: false };
      this.#running.add(running);
      return running;
    } catch (error) {
      this.#keep(sandbox, rights);
      throw cannotSend(argument, error);
    }
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

/** What is declared, and reading its own modules. */
function rightsOf({ module, options: { permissions = {} } }: ModuleExecutor): Rights {
  const { read = [], write, ffi, ...others } = permissions;
  const own = ownModules(module);
  const granted = Object.entries({ ...others, read: absolute(read), write: absolute(write), ffi: absolute(ffi) });
  const rights = Object.fromEntries(granted.filter(([, right]) => right !== undefined && right !== false));
  return rights.read === true ? rights : { ...rights, read: [...own, ...(rights.read as string[] ?? [])] };
}

function absolute(right: ModulePermissions["read"]): ModulePermissions["read"] {
  return typeof right === "object" ? right.map((path) => resolve(path)) : right;
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
