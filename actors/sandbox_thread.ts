/**
 * Owns one thread that runs other people's functions, one at a time, with the rights its guard was given.
 * It imports nothing, since it would need the right to read that, and keeps nothing from one call to the next but the
 * modules it has loaded.
 *
 * A task's declared files are not among the rights: what may be read differs from call to call, and rights are for a
 * thread's life. They are handed over by the host, also to those who read them by `Deno.readTextFile` and the like.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import process from "node:process";
import { setImmediate } from "node:timers";
import { inspect } from "node:util";
import { getHeapStatistics } from "node:v8";
import { receiveMessageOnPort, workerData } from "node:worker_threads";
import type {
  Abort,
  AskFile,
  Call,
  FileAnswer,
  FromSandbox,
  LackingRight,
  SandboxData,
  TaskFiles,
  Thrown,
  ToSandbox,
} from "./sandbox_messages.ts";

const { calls, files } = workerData as SandboxData;

/** The call that is being made. */
let current: CurrentCall | undefined;

interface CurrentCall {
  readonly abort: AbortController;
  readonly declared?: TaskFiles;
  readonly env?: Readonly<Record<string, string>>;
  /** What was written to `out`. */
  written?: Uint8Array | string;
  /** Absolute path of each declared file → as it was declared; made when first asked. */
  paths?: ReadonlyMap<string, string>;
}

/** Deno raises the limit of a thread that has come near it, to have room for stopping what runs there. */
const heapLimit = getHeapStatistics().heap_size_limit;

/** Functions of Deno's, each also there as `…Sync`, whose first arguments are paths. */
const ONE_PATH = [
  ...["chmod", "chown", "create", "lstat", "mkdir", "open", "readDir", "readFile", "readLink", "readTextFile"],
  ...["realPath", "remove", "stat", "truncate", "utime", "writeFile", "writeTextFile"],
];
const TWO_PATHS = ["copyFile", "link", "rename"];

type AnyFunction = (...values: unknown[]) => unknown;

calls.on("message", (message: ToSandbox) => {
  switch (message.kind) {
    case "call":
      // Not from here: what is stopped for want of memory takes the receiving of messages along.
      setImmediate(answer, message);
      break;
    case "abort":
      abort(message.reason);
      break;
    case "probe":
      tellIfStopped();
  }
});
process.on("uncaughtException", broke);
process.on("unhandledRejection", broke);
for (const name of ["log", "info", "debug", "trace"] as const) console[name] = printer("stdout");
for (const name of ["error", "warn"] as const) console[name] = printer("stderr");
standIn();
tell({ kind: "ready" });

function tell(message: FromSandbox): void {
  calls.postMessage(message);
}

async function answer(call: Call): Promise<void> {
  const env = call.files === undefined ? undefined : call.argument.env as Record<string, string> | undefined;
  current = { abort: new AbortController(), declared: call.files, env };
  try {
    const loaded = await import(call.module) as Record<string, unknown>;
    const called = loaded[call.export];
    if (typeof called !== "function") throw new Error(`it has no exported function '${call.export}'`);
    const { signal } = current.abort;
    const value: unknown = await called({ ...call.argument, ...filesOf(call.files), log: printer("stdout"), signal });
    tell({ kind: "returned", value: call.files === undefined ? value : contentOf(value ?? current.written) });
  } catch (error) {
    tell({ kind: "threw", thrown: thrownBy(error) });
  } finally {
    current = undefined;
  }
}

function abort(reason: Abort["reason"]): void {
  current?.abort.abort(new DOMException(reason, reason === "timeout" ? "TimeoutError" : "AbortError"));
}

/** What ran out of memory was stopped where it was, and nobody would tell. */
function tellIfStopped(): void {
  if (getHeapStatistics().heap_size_limit > heapLimit) broke(new RangeError("it ran out of memory"));
}

function broke(error: unknown): void {
  tell({ kind: "broke", thrown: thrownBy(error) });
}

/** Bytes and text are content as they are; any other value is stored as JSON. */
function contentOf(value: unknown): Uint8Array | string | undefined {
  if (value === undefined || value === null || typeof value === "string" || value instanceof Uint8Array) {
    return value ?? undefined;
  }
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const json = JSON.stringify(value, null, 2);
  if (json === undefined) throw new TypeError(`it returned a ${typeof value}, which is no content of a file`);
  return json + "\n";
}

function filesOf(declared: TaskFiles | undefined): Record<string, unknown> {
  if (declared === undefined) return {};
  const { sources, dependencies, out } = declared;
  return {
    sources: sources.map(fileOf),
    dependencies: Object.fromEntries(dependencies.map(([name, path]) => [name, fileOf(path)])),
    out,
  };
}

function fileOf(path: string): unknown {
  return {
    path,
    read: () => promised(() => contentFrom(path)),
    text: () => promised(() => contentFrom(path).toString()),
  };
}

/** The content of a declared file; the thread waits while the host reads it. */
function contentFrom(path: string): Buffer {
  const known = current?.declared?.contents.get(path);
  if (known !== undefined) return Buffer.from(known);
  const flag = new SharedArrayBuffer(4);
  files.postMessage({ path, flag } satisfies AskFile);
  Atomics.wait(new Int32Array(flag), 0, 0);
  const { message } = receiveMessageOnPort(files) as { message: FileAnswer };
  if ("detail" in message) throw new Deno.errors.NotFound(message.detail);
  const { buffer, byteOffset, byteLength } = message.content;
  return Buffer.from(buffer, byteOffset, byteLength);
}

function printer(stream: "stdout" | "stderr"): AnyFunction {
  return (...values) => {
    const text = values.map((value) => typeof value === "string" ? value : inspect(value)).join(" ") + "\n";
    tell({ kind: "printed", stream, text });
  };
}

/**
 * Has the paths a task's function gives to Deno's functions start at the config's folder, wherever troupe was started.
 * Threads cannot have working directories of their own.
 */
function moveIn(deno: Record<string, AnyFunction>): void {
  const moved = (path: unknown) => {
    const folder = current?.declared?.folder;
    return folder === undefined || typeof path !== "string" || /^(\/|$)/.test(path) ? path : `${folder}/${path}`;
  };
  for (const [count, names] of [[1, ONE_PATH], [2, TWO_PATHS]] as const) {
    for (const name of names.flatMap((name) => [name, `${name}Sync`])) {
      const real = deno[name];
      deno[name] = (...values) => real(...values.slice(0, count).map(moved), ...values.slice(count));
    }
  }
  const { cwd, Command } = Deno;
  Deno.cwd = process.cwd = () => current?.declared?.folder ?? cwd();
  Deno.Command = class extends Command {
    constructor(command: string | URL, options?: Deno.CommandOptions) {
      super(command, { cwd: current?.declared?.folder, ...options });
    }
  };
}

/** Sets functions of Deno's in front of its own, for the declared files and `out`; all else goes on to Deno's. */
function standIn(): void {
  const deno = Deno as unknown as Record<string, AnyFunction>;
  moveIn(deno);
  const readers = { readFile: contentFrom, readTextFile: (path: string) => contentFrom(path).toString() };
  for (const [name, read] of Object.entries(readers)) {
    const [later, now] = [deno[name], deno[`${name}Sync`]];
    deno[name] = (path, ...rest) => {
      const declared = declaredPath(path);
      return declared === undefined ? later(path, ...rest) : promised(() => read(declared));
    };
    deno[`${name}Sync`] = (path, ...rest) => {
      const declared = declaredPath(path);
      return declared === undefined ? now(path, ...rest) : read(declared);
    };
  }
  for (const name of ["writeFile", "writeTextFile"]) {
    const [later, now] = [deno[name], deno[`${name}Sync`]];
    deno[name] = (path, data, ...rest) => keep(path, data, rest[0]) ? Promise.resolve() : later(path, data, ...rest);
    deno[`${name}Sync`] = (path, data, ...rest) => keep(path, data, rest[0]) ? undefined : now(path, data, ...rest);
  }
  const exit = deno.exit;
  // The declared types do not know the function that all others of node's come down to.
  deno.exit = (process as unknown as Record<string, AnyFunction>).reallyExit = (code) => {
    tell({ kind: "exiting", code: Number(code ?? Deno.exitCode) });
    return exit(code);
  };
  const { get, has, toObject } = Deno.env;
  Deno.env.get = (name) => current?.env?.[name] ?? get.call(Deno.env, name);
  Deno.env.has = (name) => current?.env?.[name] !== undefined || has.call(Deno.env, name);
  Deno.env.toObject = () => current?.env === undefined ? toObject.call(Deno.env) : { ...current.env };
}

function promised<Value>(make: () => Value): Promise<Value> {
  return new Promise((resolve) => resolve(make()));
}

/** The path of a declared file as it was declared, whichever way it is given here. */
function declaredPath(path: unknown): string | undefined {
  const declared = current?.declared;
  if (declared === undefined) return undefined;
  const absolute = absoluteOf(path, declared.folder);
  if (absolute === undefined) return undefined;
  const { sources, dependencies, folder } = declared;
  current!.paths ??= new Map(
    [...sources, ...dependencies.map(([, artifact]) => artifact)].map((as) => [absoluteOf(as, folder)!, as]),
  );
  return current!.paths.get(absolute);
}

/** Relative paths start at the config's folder, as everywhere in a build. */
function absoluteOf(path: unknown, folder: string): string | undefined {
  if (!(path instanceof URL) && typeof path !== "string") return undefined;
  const base = new URL(`file://${folder.split("/").map(encodeURIComponent).join("/")}/`);
  const url = path instanceof URL ? path : new URL(path.split("/").map(encodeURIComponent).join("/"), base);
  try {
    return url.protocol === "file:" ? decodeURIComponent(url.pathname) : undefined;
  } catch {
    // Not encoded as it should be: whatever that names, it is not declared.
    return undefined;
  }
}

/** Takes what is written to `out`; the function may use its buffer again. */
function keep(path: unknown, data: unknown, options: unknown): boolean {
  const declared = current?.declared;
  if (declared === undefined || absoluteOf(path, declared.folder) !== declared.out) return false;
  if (typeof data !== "string" && !(data instanceof Uint8Array)) return false;
  const { append = false } = (options ?? {}) as Deno.WriteFileOptions;
  const before = append ? current!.written ?? "" : "";
  current!.written = before === "" ? data.slice() : Buffer.concat([Buffer.from(before), Buffer.from(data)]);
  return true;
}

function thrownBy(error: unknown): Thrown {
  if (!(error instanceof Error)) return { name: "Error", message: inspect(error), stack: "" };
  const lacking = lackingRight(error.message);
  return { name: error.name, message: error.message, stack: error.stack ?? "", ...(lacking && { lacking }) };
}

/**
 * Deno tells of a lacking right in a sentence alone, e.g. `Requires read access to "/x", run again with …`, or in a compiled
 * program `…, specify the required permissions …`.
 */
function lackingRight(message: string): LackingRight | undefined {
  const found = /^Requires (\w+) access(?: to "?(.*?)"?)?, (?:run again with|specify the required) /.exec(message);
  if (found === null) return undefined;
  return found[2] === undefined ? { access: found[1] } : { access: found[1], to: found[2] };
}
