/**
 * Owns the sandboxes that are kept at hand, so that functions of the same module with the same permissions need not wait for a new
 * one. Another module has a thread of its own: it could keep what it finds there.
 *
 * There are never more than there may be, those included that are about to end: whoever wants one more waits for an end.
 * A sandbox that is a process is one call's.
 *
 * @module
 */
import type { Permissions } from "../../graph/task.ts";
import { abortable } from "@std/async/abortable";
import { keyOf } from "./permissions.ts";
import { type Connect, Sandbox } from "./sandbox.ts";

/** How sandboxes are started. */
export interface SandboxPoolParts {
  readonly connect: Connect;
  /** Starts one that is a process. */
  readonly connectAlone: Connect;
}

/** How a sandbox is wanted. */
export interface Wish {
  /** As a process, for this call alone; default false. */
  readonly isAlone?: boolean;
  /** Gives the wish up. */
  readonly signal?: AbortSignal;
}

/** The key of those that nobody else is to have. */
const ALONE = "";

/** The sandboxes of one worker, or of one execution. */
export class SandboxPool implements Disposable {
  readonly #most: number;
  readonly #parts: SandboxPoolParts;
  /** Sandboxes that were taken, by module and permissions. */
  readonly #taken = new Map<Sandbox, string>();
  /** Sandboxes that nobody has, the one used last at the end. */
  readonly #idle = new Map<Sandbox, string>();
  /** Sandboxes that no call will follow, until they have ended. */
  readonly #ending = new Map<Sandbox, Promise<void>>();
  /** Calls that wait for one to end, or to be given back. */
  #waiting: (() => void)[] = [];

  /** There are at most so many, at least one. */
  constructor(most: number, parts: SandboxPoolParts) {
    this.#most = Math.max(1, most);
    this.#parts = parts;
  }

  /**
   * A sandbox for a module, by its URL, with exactly these permissions; whoever takes it gives it back. Rejects when the signal is
   * aborted before there is one.
   */
  async take(module: string, permissions: Permissions, { isAlone = false, signal }: Wish = {}): Promise<Sandbox> {
    const key = isAlone ? ALONE : `${module} ${keyOf(permissions)}`;
    for (let sandbox = this.#takeIdle(key);; sandbox = this.#takeIdle(key)) {
      if (sandbox !== undefined) return sandbox;
      if (this.#taken.size + this.#idle.size + this.#ending.size < this.#most) break;
      // One end for each that waits for one
      if (this.#ending.size <= this.#waiting.length) this.#endOldest();
      const change = new Promise<void>((resolve) => this.#waiting.push(resolve));
      await (signal === undefined ? change : abortable(change, signal));
    }
    const { connect, connectAlone } = this.#parts;
    const sandbox = new Sandbox(permissions, isAlone ? connectAlone : connect);
    this.#taken.set(sandbox, key);
    return sandbox;
  }

  /** The sandbox is not called any more. What it has left running comes to its end while others are called. */
  giveBack(sandbox: Sandbox): void {
    const key = this.#taken.get(sandbox);
    if (key === undefined) return;
    this.#taken.delete(sandbox);
    if (!sandbox.isOpen) return this.#wake();
    if (key === ALONE) return this.#end(sandbox);
    this.#idle.set(sandbox, key);
    this.#wake();
  }

  /** Lets what functions have left running come to its end, and resolves when all that nobody has have ended. */
  async finish(): Promise<void> {
    while (this.#idle.size > 0) this.#endOldest();
    await Promise.all(this.#ending.values());
  }

  /** Ends all of them. */
  [Symbol.dispose](): void {
    for (const sandboxes of [this.#taken, this.#idle, this.#ending]) {
      for (const sandbox of sandboxes.keys()) sandbox[Symbol.dispose]();
    }
    this.#idle.clear();
  }

  /** The one used last. What its last call has left behind may have ended it since. */
  #takeIdle(key: string): Sandbox | undefined {
    let found: Sandbox | undefined;
    for (const [sandbox, itsKey] of this.#idle) {
      if (!sandbox.isOpen) this.#idle.delete(sandbox);
      else if (itsKey === key) found = sandbox;
    }
    if (found === undefined) return undefined;
    this.#idle.delete(found);
    this.#taken.set(found, key);
    return found;
  }

  /** Has the one come to its end that has had nothing to do for longest. */
  #endOldest(): void {
    const [oldest] = this.#idle.keys();
    if (oldest === undefined) return;
    this.#idle.delete(oldest);
    this.#end(oldest);
  }

  #end(sandbox: Sandbox): void {
    const ended = sandbox.finish().then(() => {
      this.#ending.delete(sandbox);
      this.#wake();
    });
    this.#ending.set(sandbox, ended);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
