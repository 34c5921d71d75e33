/**
 * Owns the guards, one for each set of rights that sandboxes are wanted with, from the first wish to the end of a run.
 * It lives on the main thread: a Web Worker that is started from another waits half a second (Deno 2.9).
 * It knows nothing of what sandboxes are for.
 *
 * @module
 */
import type { Rights, SandboxEnded, SandboxPorts, StartSandbox } from "./sandbox_messages.ts";

const KINDS = ["read", "write", "net", "run", "env", "ffi", "sys", "import"] as const;

/** Young objects lie outside of the limit that node's workers are given. */
const YOUNG_SHARE = 0.9;

/** The guards of one run. */
export class Guards implements Disposable {
  readonly #guards = new Map<string, Worker>();
  #heapMiB = 0;

  /** Has a sandbox thread with these rights started at the other ends of these ports. A failure is told by `control`. */
  connect(rights: Rights, ports: SandboxPorts): void {
    const { calls, files, control } = ports;
    try {
      const message: StartSandbox = { calls, files, control, heapMiB: this.#heapLimit() };
      this.#guardOf(rights).postMessage(message, [calls, files, control]);
    } catch (error) {
      control.postMessage({ kind: "ended", detail: messageOf(error) } satisfies SandboxEnded);
    }
  }

  /** Ends all of them. */
  [Symbol.dispose](): void {
    for (const guard of this.#guards.values()) guard.terminate();
    this.#guards.clear();
  }

  #guardOf(rights: Rights): Worker {
    const key = keyOf(rights);
    let guard = this.#guards.get(key);
    if (guard === undefined) {
      // The option is Deno's own, and not among the declared types.
      const options = { type: "module", name: "guard", deno: { permissions: permissionsOf(rights) } } as WorkerOptions;
      guard = new Worker(new URL("./guard.ts", import.meta.url), options);
      guard.onerror = (event) => event.preventDefault();
      this.#guards.set(key, guard);
    }
    return guard;
  }

  /** What Deno gives every thread of its own accord: a task that fits there fits here. */
  #heapLimit(): number {
    if (this.#heapMiB === 0) {
      const v8 = globalThis.process.getBuiltinModule("node:v8") as typeof import("node:v8");
      this.#heapMiB = Math.floor(v8.getHeapStatistics().heap_size_limit / 2 ** 20 * YOUNG_SHARE);
    }
    return this.#heapMiB;
  }
}

/** Equal rights have equal keys. */
export function keyOf(rights: Rights): string {
  return JSON.stringify(KINDS.map((kind) => {
    const right = rights[kind];
    return Array.isArray(right) ? right.toSorted() : right ?? false;
  }));
}

function permissionsOf(rights: Rights): Deno.PermissionOptionsObject {
  const permissions: Record<string, unknown> = {};
  for (const kind of KINDS) permissions[kind] = rights[kind] ?? false;
  if (rights.read !== true) {
    const thread = new URL("./sandbox_thread.ts", import.meta.url);
    permissions.read = [...rights.read ?? [], decodeURIComponent(thread.pathname)];
  }
  return permissions as Deno.PermissionOptionsObject;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
