/**
 * Owns `db_lock`: the file lock around every access to a crew's database on a network file system, where SQLite's own
 * locks are not to be trusted alone. It knows nothing of what is done under it.
 *
 * The lock is a file beside the database, made exclusively, with the name of its holder in it. One that was left behind
 * is broken: at once when its process is dead on this host, else when its content has stayed the same for its lifetime
 * on the clock of whoever waits, since the clocks of hosts differ. Should two wait for the same stale one, whoever
 * moves another's fresh lock away by mistake puts it back; in the instant between them SQLite's own locks must do.
 *
 * @module
 */
import { Observer } from "../../graph/crew/observer.ts";
import { livenessOf, type ProcessIdentity, thisProcess } from "../process_identity.ts";
import { systemDetail } from "../system_error.ts";
import { CrewError } from "./crew_error.ts";

/** Between two looks at a lock that is held. */
const PAUSE_MS = 5;

/** How long to queue before that is an error. */
const PATIENCE_MS = 120_000;

/** The lock of one database. */
export class DatabaseLock {
  readonly #path: string;
  readonly #lifetimeMs: number;
  readonly #self = thisProcess();
  #holds = 0;

  constructor(database: string, lifetimeMs: number) {
    this.#path = `${database}.lock`;
    this.#lifetimeMs = lifetimeMs;
  }

  /** Does what nobody else does meanwhile. */
  async around<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const text = await this.#take();
    try {
      return await work();
    } finally {
      if (this.#read() === text) this.#remove(this.#path);
    }
  }

  async #take(): Promise<string> {
    const text = JSON.stringify({ ...this.#self, token: `${crypto.randomUUID()}-${++this.#holds}` });
    const observer = new Observer(this.#lifetimeMs);
    const deadlineMs = performance.now() + PATIENCE_MS;
    while (!this.#make(text)) {
      const held = this.#read();
      if (held === undefined) continue;
      const nowMs = performance.now();
      const pulse = { id: this.#path, beat: held, timeoutMs: this.#lifetimeMs };
      if (observer.expired([pulse], nowMs).length > 0 || isDead(held)) this.#break(held);
      else if (nowMs > deadlineMs) throw new CrewError("lock", `Lock '${this.#path}' is held by others for too long`);
      else await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (0.5 + Math.random())));
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

  #read(): string | undefined {
    try {
      return Deno.readTextFileSync(this.#path);
    } catch {
      return undefined;
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

function isDead(text: string): boolean {
  try {
    return livenessOf(JSON.parse(text) as ProcessIdentity) === "dead";
  } catch {
    return false; // its holder is about to write it, or died then
  }
}
