/**
 * Owns the guards, one for each set of permissions that sandboxes are wanted with, from the first wish to the end of the last
 * such sandbox: where each task has a module of its own, there are as many permissions as tasks.
 * It lives on the main thread: a Web Worker that is started from another waits half a second (Deno 2.9).
 * It knows nothing of what sandboxes are for.
 *
 * @module
 */
import type { Permissions } from "../../graph/task.ts";
import { entryModule } from "../machine/entry_modules.ts";
import { ClosedInput } from "../machine/terminal_input.ts";
import { whatThreadsLack } from "./thread_needs.ts";
import { denoPermissions, keyOf, taskPermissions } from "./permissions.ts";
import { type SandboxEntry, sandboxEntry } from "./sandbox_entries.ts";
import type { ExpectSandbox, FromGuard, SandboxEnded, SandboxPorts, StartSandbox } from "./sandbox_messages.ts";

/** Young objects lie outside of the limit that node's workers are given. */
const YOUNG_SHARE = 0.9;

interface Guard {
  readonly thread: Worker;
  /** Waiters for the guard to be ready; undefined when it is. */
  waiting: SandboxPorts[] | undefined;
  /** How many sandboxes it was asked for. */
  started: number;
  /** Whether it has been told that it will be. */
  isExpected: boolean;
}

/** The guards of one run. */
export class Guards implements Disposable {
  readonly #guards = new Map<string, Guard>();
  #heapMiB = 0;
  #entry: SandboxEntry | undefined;
  #input: ClosedInput | undefined;

  /** Has a sandbox thread with these permissions started at the other ends of these ports. A failure is told by `control`. */
  connect(permissions: Permissions, ports: SandboxPorts): void {
    try {
      const guard = this.#guardFor(permissions);
      if (guard.waiting === undefined) this.#hand(ports, guard);
      else guard.waiting.push(ports);
    } catch (error) {
      // Rights that this process does not have itself, say.
      end(ports, error instanceof Error ? error.message : String(error));
    }
  }

  /** Has a thread ready for a task's function, which will soon be called: it starts while the task's worker gets there. */
  async expect(task: Parameters<typeof taskPermissions>[0], folder: string): Promise<void> {
    try {
      const guard = this.#guardFor(taskPermissions(task, folder));
      guard.isExpected = true;
      this.#entry ??= await sandboxEntry("thread");
      guard.thread.postMessage({ ...this.#entry, heapMiB: this.#heapLimit() } satisfies ExpectSandbox);
    } catch {
      // Whoever wants it is told.
    }
  }

  /** Ends all of them. */
  [Symbol.dispose](): void {
    for (const { thread } of this.#guards.values()) thread.terminate();
    this.#guards.clear();
    this.#input?.[Symbol.dispose]();
  }

  #guardFor(permissions: Permissions): Guard {
    const key = keyOf(permissions);
    let guard = this.#guards.get(key);
    if (guard === undefined) {
      this.#prepare();
      this.#guards.set(key, guard = this.#startGuard(key, permissions));
    }
    return guard;
  }

  /** Before the first thread there is nobody who could be asked, and no option that is missing. */
  #prepare(): void {
    if (this.#input !== undefined) return;
    const sentence = whatThreadsLack();
    if (sentence !== undefined) throw new Error(sentence);
    this.#input = new ClosedInput();
  }

  #startGuard(key: string, permissions: Permissions): Guard {
    // The option is Deno's own, and not among the declared types.
    const options = {
      type: "module",
      name: "guard",
      deno: { permissions: denoPermissions(permissions) },
    } as WorkerOptions;
    const thread = new Worker(entryModule("guard"), options);
    const guard: Guard = { thread, waiting: [], started: 0, isExpected: false };
    thread.onmessage = ({ data }: MessageEvent<FromGuard>) => {
      if (data.kind === "idle") return data.started === guard.started ? this.#endGuard(key, guard) : undefined;
      this.#ready(key, guard);
    };
    thread.onerror = (event) => {
      event.preventDefault();
      this.#guards.delete(key);
      for (const ports of guard.waiting ?? []) end(ports, event.message);
    };
    return guard;
  }

  /** Its threads can be started once it is known what they begin with. */
  async #ready(key: string, guard: Guard): Promise<void> {
    try {
      this.#entry ??= await sandboxEntry("thread");
    } catch (error) {
      for (const ports of guard.waiting ?? []) end(ports, error instanceof Error ? error.message : String(error));
      guard.waiting = [];
    }
    // It may have failed, or been ended, meanwhile.
    if (this.#guards.get(key) !== guard) return;
    for (const ports of guard.waiting ?? []) this.#hand(ports, guard);
    guard.waiting = undefined;
    if (guard.started === 0 && !guard.isExpected) this.#endGuard(key, guard);
  }

  #endGuard(key: string, guard: Guard): void {
    this.#guards.delete(key);
    guard.thread.terminate();
  }

  #hand({ calls, files, control }: SandboxPorts, guard: Guard): void {
    const message: StartSandbox = { ...this.#entry!, calls, files, control, heapMiB: this.#heapLimit() };
    try {
      guard.thread.postMessage(message, [calls, files, control]);
      guard.started++;
    } catch (error) {
      // Whoever wanted it has closed the other ends meanwhile.
      if (!(error instanceof DOMException)) throw error;
    }
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

function end({ control }: SandboxPorts, detail: string): void {
  control.postMessage({ kind: "ended", detail } satisfies SandboxEnded);
}
