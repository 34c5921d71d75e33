/**
 * Owns the functions that the sandbox's tests have called, and those that a process of its own is started for. It checks
 * nothing.
 *
 *     deno run -A test/actors/sandbox/sandbox_samples.ts memory
 *
 * @module
 */
import { Guards } from "../../../actors/sandbox/guards.ts";
import { type Answer, Sandbox } from "../../../actors/sandbox/sandbox.ts";
import type { Permissions } from "../../../graph/task.ts";

/** What a sample is given. */
interface Given {
  readonly text: string;
  readonly signal: AbortSignal;
  readonly log: (...values: unknown[]) => void;
}

/** Prints in all ways, and answers. */
export function say({ text, log }: Given): string {
  log("log", { text });
  console.info("info", text);
  console.error(new Error("told").message, 1);
  return `${text}!`;
}

/** Throws what is no error. */
export function throwText({ text }: Given): never {
  throw text;
}

/** Ends the thread. */
export function exit(): never {
  Deno.exit(7);
}

/** Never ends unless it is told to. */
export function wait({ signal, log }: Given): Promise<string> {
  log("waiting");
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(`${signal.reason.name}: ${signal.reason.message}`))
  );
}

/** Never ends, whatever it is told. */
export function hang({ log }: Given): Promise<never> {
  log("hanging");
  return new Promise(() => {});
}

/** Lets nothing be heard before the flag is raised. */
export function loop({ log, flag }: Given & { readonly flag: Int32Array<SharedArrayBuffer> }): void {
  log("looping");
  while (Atomics.load(flag, 0) === 0);
}

/** Needs more memory than there is. */
export function fill(): number {
  const kept: number[][] = [];
  while (true) kept.push(new Array(100_000).fill(kept.length));
}

/** What the thread may do. */
export async function rights(): Promise<Record<string, string>> {
  const names = ["read", "write", "net", "run", "env", "ffi", "sys"] as const;
  const states = await Promise.all(names.map((name) => Deno.permissions.query({ name })));
  return Object.fromEntries(names.map((name, at) => [name, states[at].state]));
}

/** Opens a sandbox that may read these modules, and what is told. */
export function open(guards: Guards, more: Permissions = {}): Sandbox {
  const own = [
    "./sandbox_samples.ts",
    "../../../actors/sandbox/guards.ts",
    "../../../actors/sandbox/sandbox.ts",
    "../../../actors/sandbox/sandbox_messages.ts",
    "../../../actors/sandbox/sandbox_entries.ts",
    "../../../actors/machine/entry_modules.ts",
    "../../../actors/machine/own_text.ts",
    "../../../actors/machine/regular_file.ts",
    "../../../actors/machine/system_error.ts",
    "../../../actors/machine/terminal_input.ts",
    "../../../actors/sandbox/permissions.ts",
    "../../../actors/sandbox/thread_needs.ts",
    "../../../actors/sandbox/deno_config.ts",
    "../../../graph/",
  ];
  const read = own.map((path) => decodeURIComponent(new URL(path, import.meta.url).pathname));
  return new Sandbox({ read, ...more }, (rights, ports) => guards.connect(rights, ports));
}

/** Has a sample called. */
export function call(sandbox: Sandbox, sample: string, printed: string[] = [], more = {}): Promise<Answer> {
  const onPrinted = (stream: string, text: string) => void printed.push(`${stream}: ${text}`);
  return sandbox.call({ module: import.meta.url, export: sample, argument: { text: "hello", ...more } }, { onPrinted });
}

/** In a process of its own, started with little memory a thread. */
async function memory(): Promise<void> {
  using guards = new Guards();
  using full = open(guards);
  await full.ready;
  console.log(JSON.stringify(await call(full, "fill")));
  using next = open(guards);
  await next.ready;
  console.log(JSON.stringify(await call(next, "say")));
}

if (import.meta.main) await memory();
