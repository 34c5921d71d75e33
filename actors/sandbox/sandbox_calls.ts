/**
 * Owns the calls of a module's functions, one at a time, on the thread it is loaded in. It keeps nothing from one call to the next
 * but the module it has loaded. What that module may find on the thread is in sandbox_walls.ts; nothing there leads here.
 * It does not know how words come and go.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import process from "node:process";
import { setImmediate } from "node:timers";
import { inspect } from "node:util";
import { getHeapStatistics } from "node:v8";
import { checkCopyable, contentOf, contentsOf } from "./sandbox_content.ts";
import type { CallFiles } from "./sandbox_files.ts";
import type { Abort, Call, FromSandbox, MissingPermission, Thrown, ToSandbox } from "./sandbox_messages.ts";
import { raiseWalls } from "./sandbox_walls.ts";

/** The call that is being made. */
interface CurrentCall {
  readonly id: string;
  readonly abort: AbortController;
  readonly env?: Readonly<Record<string, string>>;
  readonly told?: Readonly<Record<string, string>>;
}

/** So much of a chain of causes, and of a list of errors, is told. */
const MOST_CAUSES = 8;

/** Deno raises the limit of a thread that has come near it, to have room for stopping what runs there. */
const heapLimit = getHeapStatistics().heap_size_limit;

/** By the call that what runs belongs to, also when that has long returned. */
const callId = new AsyncLocalStorage<string>();

// What a module does to the functions of everybody does nothing to these.
const decode = TextDecoder.prototype.decode.bind(new TextDecoder());
const later = setImmediate;

/** Errors that come out of timers and the like, where another call may be found by then, → the call that they come from. */
const thrownIn = new WeakMap<object, string>();

/** The module that was called last: Deno would load no other, but goes a long way to tell so. */
let loaded: { readonly url: string; readonly exported: Record<string, unknown> } | undefined;

let tell: (message: FromSandbox) => void;
let files: CallFiles;
let current: CurrentCall | undefined;
/** The call that was made last. */
let last = "";

/** What calls need of the thread or process that they are made in. */
export interface CallContext {
  readonly tell: (message: FromSandbox) => void;
  readonly files: CallFiles;
  /** URL of the module by which threads begin that a module starts itself. */
  readonly nested: string;
  /** Ends when nothing that was started is left running; no call will follow. */
  readonly finish: () => void;
  /** Whether the process is the module's alone; default it is troupe's. */
  readonly ownsProcess?: boolean;
}

/** Raises the walls, once a thread, and answers with who hears what is asked for. */
export async function serveCalls(context: CallContext): Promise<(message: ToSandbox) => void> {
  ({ tell, files } = context);
  process.on("uncaughtException", broke);
  process.on("unhandledRejection", broke);
  const exit = Deno.exit;
  await raiseWalls({
    print,
    nested: context.nested,
    folder: () => files.folder,
    env: () => current?.env,
    told: () => current?.told,
    ownsProcess: context.ownsProcess,
  });
  files.standIn();
  rememberCalls();
  // The declared types do not know the function that all others of node's come down to.
  Deno.exit = (process as unknown as Record<string, typeof Deno.exit>).reallyExit = (code) => {
    tell({ kind: "exiting", code: Number(code ?? Deno.exitCode) });
    return exit(code);
  };
  return (message) => {
    switch (message.kind) {
      case "call":
        // Not from here: what is stopped for want of memory takes the receiving of messages along.
        later(answer, message);
        break;
      case "abort":
        abort(message.reason);
        break;
      case "probe":
        tellIfStopped();
        break;
      case "finish":
        // What the module has left running goes on.
        context.finish();
    }
  };
}

async function answer(call: Call): Promise<void> {
  const { id, argument, told } = call;
  const env = call.files === undefined ? undefined : argument.env as Record<string, string> | undefined;
  current = { id, abort: new AbortController(), env, told };
  last = id;
  files.set(call.files);
  try {
    const value = await callId.run(id, () => valueOf(call, current!.abort.signal));
    // What was rejected meanwhile and has no handler by now is told first.
    await new Promise((resolve) => later(resolve));
    if (current?.id === id) tell({ kind: "returned", id, value });
  } catch (error) {
    tell({ kind: "threw", id, thrown: thrownBy(error) });
  } finally {
    if (current?.id === id) {
      current = undefined;
      files.set(undefined);
    }
  }
}

async function valueOf(call: Call, signal: AbortSignal): Promise<unknown> {
  if (loaded?.url !== call.module) loaded = { url: call.module, exported: await import(call.module) };
  const called = loaded.exported[call.export];
  if (typeof called !== "function") throw new Error(`it has no exported function '${call.export}'`);
  const log = (...values: unknown[]) => console.log(...values);
  const value: unknown = await called({ ...call.argument, ...files.given(), log, signal });
  if (files.several !== undefined) return files.isCheck ? [] : await contentsOf(value, files.several);
  if (call.files !== undefined) return await contentOf(value ?? files.written);
  checkCopyable(value);
  return value;
}

function print(stream: "stdout" | "stderr", text: string | Uint8Array): void {
  const id = current?.id ?? last;
  tell({ kind: "printed", id, stream, text: typeof text === "string" ? text : decode(text) });
}

function abort(reason: Abort["reason"]): void {
  if (current !== undefined) tell({ kind: "heard", id: current.id });
  current?.abort.abort(new DOMException(reason, reason === "timeout" ? "TimeoutError" : "AbortError"));
}

/** What ran out of memory was stopped where it was, and nobody would tell. */
function tellIfStopped(): void {
  if (getHeapStatistics().heap_size_limit > heapLimit) broke(new RangeError("it ran out of memory"));
}

/** Has what is called later tell by its errors which call it was begun in. */
function rememberCalls(): void {
  const later = globalThis as unknown as Record<string, (...values: unknown[]) => unknown>;
  for (const name of ["setTimeout", "setInterval", "setImmediate", "queueMicrotask"]) {
    later[name] = new Proxy(later[name], {
      apply: (real, self, [callback, ...rest]) => Reflect.apply(real, self, [remembering(callback), ...rest]),
    });
  }
}

function remembering(callback: unknown): unknown {
  const id = callId.getStore();
  if (id === undefined || typeof callback !== "function") return callback;
  return function (this: unknown, ...values: unknown[]) {
    try {
      return Reflect.apply(callback, this, values);
    } catch (error) {
      if (typeof error === "object" && error !== null) thrownIn.set(error, id);
      throw error;
    }
  };
}

/** An error outside of the call, by the call that it comes from, or the one that is made, or the last. */
function broke(error: unknown): void {
  const begunIn = thrownIn.get(error as object) ?? callId.getStore();
  tell({ kind: "broke", id: begunIn ?? current?.id ?? last, thrown: thrownBy(error) });
}

function thrownBy(error: unknown, depth = 0): Thrown {
  if (!isError(error)) {
    return { name: "Error", message: inspect(error, { compact: true, breakLength: Infinity }), stack: "" };
  }
  const lacking = lackingRight(error.message);
  const { name = "Error", message, stack = "", cause } = error;
  const errors = standsFor(error);
  const isDeep = depth === MOST_CAUSES;
  return {
    name: `${name}`,
    message: `${message}`,
    stack: `${stack}`,
    ...(lacking && { lacking }),
    ...(cause === undefined || isDeep ? {} : { cause: thrownBy(cause, depth + 1) }),
    ...(errors.length === 0 || isDeep
      ? {}
      : { errors: errors.slice(0, MOST_CAUSES).map((each) => thrownBy(each, depth + 1)), errorCount: errors.length }),
  };
}

/** Also one of another realm, and what has an error's fields. */
function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error ||
    (typeof thrown === "object" && thrown !== null && typeof (thrown as Partial<Error>).message === "string");
}

/** The errors that one stands for: those of several attempts, or that of a block with the one of ending what it used. */
function standsFor(error: Error & { readonly errors?: unknown; readonly suppressed?: unknown }): readonly unknown[] {
  if (error instanceof AggregateError) return Array.isArray(error.errors) ? error.errors : [];
  return "suppressed" in error ? [(error as SuppressedError).error, error.suppressed] : [];
}

/**
 * Deno tells of a lacking right in a sentence alone, e.g. `Requires read access to "/x", run again with …`, or in a compiled
 * program `…, specify the required permissions …`.
 */
function lackingRight(message: string): MissingPermission | undefined {
  const found = /^Requires (\w+) access(?: to "?(.*?)"?)?, (?:run again with|specify the required) /.exec(message);
  if (found === null) return undefined;
  return found[2] === undefined ? { access: found[1] } : { access: found[1], to: found[2] };
}
