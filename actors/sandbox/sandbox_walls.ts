/**
 * Owns the list of what a module's thread is shown of the process it is in. A thread shares with troupe what permissions say
 * nothing about: its signals, its folder, its standard streams, its environment. What of that would reach beyond the task is
 * taken away or stands in for here, before any module is loaded, also for those who take it from Node's modules.
 * It knows nothing of calls; a thread that a module starts itself has the same walls and prints to stderr.
 *
 * What stays open is what threads of one process cannot keep apart: memory that is no heap, time, and what a right allows.
 *
 * @module
 */
import process from "node:process";
import { Console } from "node:console";
import * as hooks from "node:module";
import { Readable, Writable } from "node:stream";
import { shutCommands } from "./sandbox_commands.ts";
import { shutEnvironment } from "./sandbox_environment.ts";
import { walledText } from "./sandbox_inbox.ts";

/** Takes what is printed. */
export type Print = (stream: "stdout" | "stderr", text: string | Uint8Array) => void;

/** What the walls need of the one who raises them. */
export interface WallContext {
  readonly print: Print;
  /** URL of the module by which threads begin that a module starts itself. */
  readonly nested: string;
  /** Absolute path of the folder that relative paths start at; undefined for the process's own. */
  readonly folder: () => string | undefined;
  /** The environment that is declared for what runs now. */
  readonly env: () => Readonly<Record<string, string>> | undefined;
  /** What it finds in its environment beside that when it asks, and what it starts in any case. */
  readonly told: () => Readonly<Record<string, string>> | undefined;
  /** Whether the process is the module's alone: what it does to it is its own affair. Default it is troupe's. */
  readonly ownsProcess?: boolean;
  /** Whether what the thread was given by whoever started it is the module's own; default it is troupe's, and hidden. */
  readonly isPortOwn?: boolean;
}

// deno-lint-ignore no-explicit-any
type Open = Record<string, any>;
type AnyFunction = (...values: unknown[]) => unknown;

/** Node's modules through which something would get past: their names are answered by what is in place after the walls. */
const GUARDED = ["process", "fs", "tty", "v8", "inspector", "worker_threads", "child_process", "console", "module"];

/** Functions of Node's `process` for which there is no use in a task. */
const REFUSED = [
  ...["abort", "_kill", "dlopen", "binding", "_linkedBinding", "execve", "_debugProcess", "_debugEnd"],
  ...["setuid", "setgid", "seteuid", "setegid", "setgroups", "initgroups"],
];

/** Raises them; once a thread, before any module of others is loaded. */
export async function raiseWalls(context: WallContext): Promise<void> {
  const node = (name: string) => process.getBuiltinModule(`node:${name}`) as unknown as Open;
  const deno = Deno as unknown as Open;
  const streams = {
    stdout: streamFor("stdout", context.print),
    stderr: streamFor("stderr", context.print),
  };
  Object.assign(globalThis.console, new Console({ stdout: streams.stdout, stderr: streams.stderr }));
  shutStreams(deno, context.print);
  shutStandard(process as unknown as Open, streams);
  if (!context.ownsProcess) shutProcess(deno, process as unknown as Open);
  shutDescriptors(node("fs"), context.print);
  shutEnvironment(deno, process as unknown as Open, context);
  shutCommands(deno, node("child_process"), context);
  shutThreads(node("worker_threads"), context);
  shutMemory(deno);
  const tty = node("tty");
  tty.isatty = () => false;
  for (const name of ["ReadStream", "WriteStream"]) tty[name] = refusing(`tty.${name}`);
  node("v8").setFlagsFromString = refusing("v8.setFlagsFromString()");
  const inspector = node("inspector");
  for (const name of ["open", "close", "waitForDebugger"]) inspector[name] = refusing(`inspector.${name}()`);
  // The way to what all of this stands in front of.
  const internal = (Deno as unknown as { readonly internal: symbol }).internal as unknown as string;
  const { nodeGlobals } = deno[internal] ?? {};
  // What CommonJS modules begin with in Deno 2.4.
  if (nodeGlobals === undefined) delete deno[internal];
  else deno[internal] = { nodeGlobals };
  delete (globalThis as unknown as Open).nodeBootstrap;
  await guardNames(node);
}

/** Something that a thread cannot have, as a function and a class that say so. */
function refusing(what: string): () => never {
  return function () {
    return refuse(what);
  };
}

function refuse(what: string): never {
  throw new Deno.errors.NotSupported(`${what} reaches beyond the task, which is not for a module`);
}

function streamFor(stream: "stdout" | "stderr", print: Print): Writable {
  const writable = new Writable({
    decodeStrings: false,
    write(chunk: string | Uint8Array, _encoding: string, done: () => void) {
      print(stream, chunk);
      done();
    },
  });
  return Object.assign(writable, { fd: stream === "stdout" ? 1 : 2, isTTY: false });
}

function shutStreams(deno: Open, print: Print): void {
  for (const stream of ["stdout", "stderr"] as const) {
    const writeSync = (bytes: Uint8Array) => {
      print(stream, bytes.slice());
      return bytes.length;
    };
    deno[stream] = {
      writeSync,
      write: (bytes: Uint8Array) => Promise.resolve(writeSync(bytes)),
      writable: new WritableStream<Uint8Array>({ write: (bytes) => void writeSync(bytes) }),
      close: () => {},
      isTerminal: () => false,
    };
  }
  deno.stdin = {
    read: () => Promise.resolve(null),
    readSync: () => null,
    readable: new ReadableStream({ start: (controller) => controller.close() }),
    close: () => {},
    isTerminal: () => false,
    setRaw: refusing("Deno.stdin.setRaw()"),
  };
}

function shutProcess(deno: Open, node: Open): void {
  const { kill } = Deno;
  // Itself, its group, all; negated it is a group's.
  const isOwn = (pid: unknown) => [Deno.pid, -Deno.pid, 0, -1].includes(Number(pid));
  deno.kill = (pid: number, signal?: Deno.Signal) => {
    if (isOwn(pid)) refuse("a signal to troupe");
    return kill(pid, signal);
  };
  const nodeKill = node.kill;
  node.kill = (pid: number, signal?: string | number) => {
    if (isOwn(pid) && signal !== 0) refuse("a signal to troupe");
    return nodeKill(pid, signal);
  };
  // As in Node, a thread hears no signals; it may ask.
  deno.addSignalListener = deno.removeSignalListener = () => {};
  for (const name of ["on", "once", "addListener", "prependListener", "prependOnceListener", "off", "removeListener"]) {
    const real = node[name];
    node[name] = function (event: unknown, ...rest: unknown[]) {
      return typeof event === "string" && /^SIG[A-Z0-9]+$/.test(event) ? this : real.call(this, event, ...rest);
    };
  }
  for (const name of REFUSED) if (typeof node[name] === "function") node[name] = refusing(`process.${name}()`);
  const { umask } = Deno;
  deno.umask = (mask?: number) => mask === undefined ? umask() : refuse("Deno.umask()");
  deno.chdir = refusing("Deno.chdir()");
}

/** What outlives a build without any right to write, and what troupe was told: no fingerprint holds either. */
function shutMemory(deno: Open): void {
  for (const name of ["caches", "localStorage", "sessionStorage"]) delete (globalThis as unknown as Open)[name];
  Object.defineProperty(deno, "args", { value: [], configurable: true, enumerable: true });
}

function shutStandard(node: Open, streams: { readonly stdout: Writable; readonly stderr: Writable }): void {
  const values = { ...streams, stdin: Readable.from([]) };
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(node, name, { value, configurable: true, enumerable: true, writable: true });
  }
}

/** Descriptors 0 to 2 are the process's; those that a module opens itself are its own. */
function shutDescriptors(fs: Open, print: Print): void {
  const isShared = (value: unknown) => typeof value === "number" && value >= 0 && value <= 2;
  const stand = (name: string, values: unknown[]): unknown => {
    const isPrinting = values[0] !== 0 && /^(write|append)/.test(name);
    if (!isPrinting) throw Object.assign(new Error(`EBADF: bad file descriptor, ${name}`), { code: "EBADF" });
    const data = Array.isArray(values[1]) ? values[1] : [values[1]];
    let size = 0;
    for (const part of data as (string | Uint8Array)[]) {
      print(values[0] === 1 ? "stdout" : "stderr", typeof part === "string" ? part : part.slice());
      size += part.length;
    }
    const done = values.at(-1);
    if (typeof done === "function" && !name.endsWith("Sync")) queueMicrotask(() => done(null, size, values[1]));
    return size;
  };
  const guarded = (name: string, real: AnyFunction) => {
    const isStream = name.endsWith("Stream");
    const check = (values: unknown[]) => {
      if (!isStream) return;
      for (const options of values) {
        if (isShared((options as Open | undefined)?.fd)) refuse(`fs.${name}() of descriptor 0 to 2`);
      }
    };
    return new Proxy(real, {
      apply(real, self, values) {
        if (isShared(values[0])) return stand(name, values);
        check(values);
        return Reflect.apply(real, self, values);
      },
      construct(real, values, made) {
        check(values);
        return Reflect.construct(real, values, made);
      },
    });
  };
  for (const [name, described] of Object.entries(Object.getOwnPropertyDescriptors(fs))) {
    const { get, value } = described;
    const change = get !== undefined
      // Made when first asked for.
      ? { get: () => asFunction(get.call(fs), (real) => guarded(name, real)), set: undefined }
      : { value: asFunction(value, (real) => guarded(name, real)) };
    if (described.configurable) Object.defineProperty(fs, name, { ...described, ...change });
  }
}

function asFunction(value: unknown, change: (real: AnyFunction) => unknown): unknown {
  return typeof value === "function" ? change(value as AnyFunction) : value;
}

/** A thread that a module starts has these walls too: they are raised before its own module is loaded. */
function shutThreads(threads: Open, { isPortOwn = false, ownsProcess, nested, folder, env, told }: WallContext): void {
  if (!isPortOwn) threads.workerData = threads.parentPort = null;
  const textOf = (url: string) =>
    walledText(nested, url, { nested, folder: folder(), env: env(), told: told(), ownsProcess });
  const walled = (url: string) => `data:text/javascript,${encodeURIComponent(textOf(url))}`;
  const { Worker: Web } = globalThis, { Worker: Thread } = threads;
  globalThis.Worker = class extends Web {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(walled(String(url)), options);
    }
  };
  threads.Worker = class extends Thread {
    constructor(url: string | URL, options: Record<string, unknown> = {}) {
      const isText = options.eval === true;
      const href = isText ? `data:text/javascript,${encodeURIComponent(COMMON + url)}` : hrefOf(url);
      super(new URL(walled(href)), { env: {}, ...options, eval: false });
    }
  };
}

/** What the text of a thread may use that is no module. */
const COMMON = 'import { createRequire as __create } from "node:module"; const require = __create("file:///");\n';

function hrefOf(url: string | URL): string {
  return url instanceof URL || /^(data|file|blob):/.test(url) ? String(url) : new URL(`file://${url}`).href;
}

/**
 * Whoever imports a guarded module by name gets it as it is in place now; its named exports would still be the real ones.
 * They are loaded before the names are guarded, as all that these lead to has to be.
 */
async function guardNames(node: (name: string) => Open): Promise<void> {
  const { registerHooks } = hooks as unknown as { readonly registerHooks?: (hooks: Open) => void };
  if (registerHooks === undefined) return;
  const module = node("module");
  for (const name of ["registerHooks", "register", "syncBuiltinESMExports"]) {
    module[name] = refusing(`module.${name}()`);
  }
  const guards = new Map<string, string>();
  for (const name of GUARDED) {
    // This one is imported past the hook when it was imported by name before, other than by its guard (Deno 2.9).
    const real = name === "worker_threads" ? node(name) : await import(`node:${name}`) as Open;
    const exported = Object.keys(real).filter((key) => /^[A-Za-z_$][\w$]*$/.test(key) && key !== "default");
    // Deno panics where the real one was never loaded and something else is loaded with it.
    const text = `import * as real from "node:${name}"; ` +
      `const shown = process.getBuiltinModule("node:${name}"); ` +
      "export default shown; " + exported.map((key, at) =>
        `const _${at} = "${key}" in shown ? shown.${key} : real.${key}; export { _${at} as ${key} };`
      ).join("");
    const url = `data:text/javascript,${encodeURIComponent(text)}`;
    await import(url);
    guards.set(name, url).set(`node:${name}`, url);
  }
  registerHooks({
    resolve(specifier: string, context: { readonly conditions?: readonly string[] }, next: AnyFunction) {
      // What is required is the very object that was guarded, and nothing that is loaded from a URL.
      const url = context.conditions?.includes("require") ? undefined : guards.get(specifier);
      return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
    },
  });
}
