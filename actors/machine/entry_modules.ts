/**
 * Owns where the modules lie that a thread or a process of troupe's own begins with: every `new Worker(` asks here. A packed
 * troupe has another file in the place of this one (bench/pack.ts), since its modules lie side by side. It starts nothing.
 *
 * @module
 */

/** Path of each, from here. */
export const ENTRIES = {
  main: "../../main.ts",
  worker: "../worker/worker.ts",
  guard: "../sandbox/guard.ts",
  sandbox_thread: "../sandbox/sandbox_thread.ts",
  sandbox_nested: "../sandbox/sandbox_nested.ts",
  sandbox_process: "../sandbox/sandbox_process.ts",
  hash_thread: "../storage/hash_thread.ts",
  heart_thread: "../crew/heart_thread.ts",
} as const;

/** What a sandbox's thread reads of them, and of what these import; the messages are only read where types are checked. */
const SANDBOX = [
  "thread",
  "calls",
  "walls",
  "commands",
  "content",
  "environment",
  "files",
  "inbox",
  "nested",
  "messages",
]
  .map((part) => `../sandbox/sandbox_${part}.ts`);

/** What a thread or a process can begin with. */
export type Entry = keyof typeof ENTRIES;

/** Paths of the files that a sandbox's thread reads; none where troupe was loaded by an address. */
export function sandboxFiles(): string[] {
  const urls = SANDBOX.map((path) => new URL(path, import.meta.url));
  return urls.filter(({ protocol }) => protocol === "file:").map(({ pathname }) => decodeURIComponent(pathname));
}

/** The module's URL: a file's, or an address where troupe itself was loaded from one. */
export function entryModule(entry: Entry): URL {
  return new URL(ENTRIES[entry], import.meta.url);
}
