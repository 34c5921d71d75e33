/**
 * Owns functions that tests run in threads: well-behaved ones and others.
 *
 * @module
 */
import type { TaskContext } from "../../../actors/library/task_context.ts";

type Given = TaskContext & { readonly meeting: SharedArrayBuffer };

let calls = 0;

/** How many calls this thread has had. */
export function count(): number {
  return ++calls;
}

/** What it was given, as far as that can be sent back. */
export default function given({ signal, log: _log, ...rest }: TaskContext): unknown {
  return { ...rest, isSignal: signal instanceof AbortSignal && !signal.aborted };
}

/** Waits until another thread is here at the same time. */
export function meet({ taskMetadata, meeting }: Given): string {
  const places = new Int32Array(meeting);
  const me = Number(taskMetadata.place);
  Atomics.store(places, me, 1);
  Atomics.notify(places, me);
  return Atomics.wait(places, 1 - me, 0, 60_000) === "timed-out" ? "alone" : "met";
}

/** Hears nothing the first time, until the test is over: nobody can end such a thread on Deno 2.9. */
export function blockOnce({ attempt, meeting }: Given): number {
  const places = new Int32Array(meeting);
  while (attempt === 1 && Atomics.load(places, 0) === 0) Atomics.wait(places, 0, 0, 20);
  return attempt;
}

/** Ends when it is told to, and leaves word of it. */
export async function listen({ signal, meeting }: Given): Promise<void> {
  const places = new Int32Array(meeting);
  Atomics.store(places, 0, 1);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  Atomics.store(places, 1, signal.reason.name === "AbortError" ? 1 : 2);
}

export function exit(): void {
  Deno.exit(3);
}

/** Throws when nobody is there to catch it. */
export function stray(): Promise<void> {
  setTimeout(() => {
    throw new Error("Stray");
  }, 0);
  return new Promise(() => {});
}

export function refuse(): void {
  throw new RangeError("Refused");
}

export function unsendable(): unknown {
  return () => 1;
}

export function read({ taskMetadata }: TaskContext): string {
  return Deno.readTextFileSync(String(taskMetadata.path));
}

/** Says that it is there by a file, and never ends. */
export function spinForever({ taskMetadata }: TaskContext): void {
  Deno.writeTextFileSync(String(taskMetadata.path), String(Deno.pid));
  while (true);
}

/** Ends the process it is in. */
export function kill(): void {
  Deno.kill(Deno.pid, "SIGKILL");
}

export function pid(): number {
  return Deno.pid;
}

export function shared(): unknown {
  return new SharedArrayBuffer(8);
}
