/**
 * Owns the guard of a crew's database by a file that is there for as long as somebody has the lock. It needs nothing of the
 * file system but that a file is made by one alone. It knows nothing of what is done under it.
 *
 * The file has the name of its holder in it. One that was left behind is broken: at once when its process is dead on this
 * host, else when its content has stayed the same for its lifetime on the clock of whoever waits, since the clocks of
 * hosts differ. Should two wait for the same stale one, whoever moves another's fresh lock away by mistake puts it back; in
 * the instant between them SQLite's own locks must do.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { Observer } from "../../../graph/crew/observer.ts";
import type { Patience } from "../../machine/patience.ts";
import { livenessOf, type ProcessIdentity, thisProcess } from "../../machine/process_identity.ts";
import { isOtherThanFile, NOT_REGULAR } from "../../machine/regular_file.ts";
import { systemDetail } from "../../machine/system_error.ts";
import { CrewError } from "./crew_error.ts";
import { type DatabaseLock, heldTooLong, type LockOptions } from "./database_lock.ts";

/** From one look at a lock that is held to the next, on average: for one who comes, and for one who has waited for long. */
const PAUSE_MS = 40, SHORTEST_MS = 1;

/** After so long one looks twice as often. */
const HALVING_MS = 100;

/** Whoever has just had the lock leaves it to others for a moment. */
const COURTESY_MS = 20;

/** The lock of one database. */
export class LockFile implements DatabaseLock {
  readonly #path: string;
  readonly #lifetimeMs: number;
  readonly #patience: Patience;
  readonly #self = thisProcess();
  #holds = 0;
  #freedMs = -Infinity;

  constructor(path: string, { lifetimeMs, patience }: LockOptions) {
    this.#path = path;
    this.#lifetimeMs = lifetimeMs;
    this.#patience = patience;
  }

  /** Does what nobody else does meanwhile. */
  async around<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const text = await this.#take();
    try {
      return await work();
    } finally {
      if (this.#isOurs(text)) this.#remove(this.#path);
      this.#freedMs = performance.now();
    }
  }

  /** Nothing is kept between two holds. */
  close(): void {}

  async #take(): Promise<string> {
    const text = JSON.stringify({ ...this.#self, token: `${crypto.randomUUID()}-${++this.#holds}` });
    const observer = new Observer(this.#lifetimeMs);
    const sinceMs = performance.now();
    if (sinceMs - this.#freedMs < COURTESY_MS) await delay(COURTESY_MS * Math.random());
    while (!this.#make(text)) {
      const held = this.#read() ?? "";
      const nowMs = performance.now();
      const pulse = { id: this.#path, beat: held, timeoutMs: this.#lifetimeMs };
      if (observer.expired([pulse], nowMs).length > 0 || isDead(held)) this.#break(held);
      else if (this.#patience.isOver(sinceMs)) throw heldTooLong(this.#path);
      else await delay(pauseMs(nowMs - sinceMs));
    }
    return text;
  }

  /** False when somebody has it. */
  #make(text: string): boolean {
    try {
      Deno.writeTextFileSync(this.#path, text, { createNew: true });
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return false;
      throw new CrewError("lock", `Cannot lock '${this.#path}': ${systemDetail(error)}`, { cause: error });
    }
  }

  #break(stale: string): void {
    const aside = `${this.#path}.${crypto.randomUUID()}`;
    try {
      Deno.renameSync(this.#path, aside);
    } catch {
      return; // somebody else was first
    }
    try {
      if (Deno.readTextFileSync(aside) !== stale) Deno.linkSync(aside, this.#path);
    } catch {
      // its holder will find it gone
    }
    this.#remove(aside);
  }

  /** What its holder wrote; undefined when there is none any more. */
  #read(): string | undefined {
    if (isOtherThanFile(this.#path)) {
      throw new CrewError("lock", `Cannot lock '${this.#path}': ${NOT_REGULAR}: remove it`);
    }
    try {
      return Deno.readTextFileSync(this.#path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw new CrewError("lock", `Cannot lock '${this.#path}': ${systemDetail(error)}`, { cause: error });
    }
  }

  #isOurs(text: string): boolean {
    try {
      return this.#read() === text;
    } catch {
      return false; // what lies there now is not ours to remove
    }
  }

  #remove(path: string): void {
    try {
      Deno.removeSync(path);
    } catch {
      // it is gone
    }
  }
}

/** Whoever has waited for longer looks more often, so that nobody waits much longer than others. */
function pauseMs(waitedMs: number): number {
  return Math.max(SHORTEST_MS, PAUSE_MS / (1 + waitedMs / HALVING_MS)) * (0.5 + Math.random());
}

function isDead(text: string): boolean {
  try {
    return livenessOf(JSON.parse(text) as ProcessIdentity) === "dead";
  } catch {
    return false; // its holder is about to write it, or died then
  }
}
