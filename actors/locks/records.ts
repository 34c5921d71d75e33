/**
 * Owns the lock folder: one small file for each holder and path, one for each that waits with precedence, and the
 * guard, a file under whose advisory lock (the kernel gives it back however its holder dies) locks are granted.
 * It decides who is stale, not who gets a lock; that is locks.ts's.
 *
 * A record is renamed into place and has a name that no other ever has. So it can be read without the guard, a holder
 * frees its lock by removing it and waits for nobody, and a stale one is removed without hitting its successor. It is
 * not synced: after a power cut no holder lives. The guard stays, for a removed one could be locked twice.
 *
 * Between hosts it is as good as the file system they share: one that locks files between them and shows a new name at
 * once. Where a holder's process cannot be looked for, as in another container, the kernel tells whether it lives.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { sha256 } from "../../graph/digest.ts";
import { writeTemporary } from "../storage/atomic_file.ts";
import { FileLockError, folderError } from "./error.ts";
import type { LockHolder, LockMode } from "./holder.ts";
import { isPresent, removeAbsent } from "./presence.ts";
import { letGo } from "../machine/file_lock.ts";
import { type Liveness, livenessOf, type ProcessIdentity } from "../machine/process_identity.ts";
import { quote } from "../../graph/text.ts";
import { readRegularText, writeWhole } from "../machine/regular_file.ts";

/** What is written. Further fields are ignored, so that a later version may add some. */
export interface LockRecord extends ProcessIdentity {
  readonly path: string;
  readonly mode: LockMode;
  readonly task: string | null;
  readonly sinceMs: number;
  /** When a waiter gives up, in Unix milliseconds. */
  readonly untilMs?: number;
  /** Whether the path is a glob. */
  readonly isGlob?: boolean;
}

/** A record as it was found. */
export interface FoundRecord extends LockHolder {
  /** Name of the file. */
  readonly name: string;
  /** Names the locked file; see {@linkcode keyOf}. */
  readonly key: string;
  /** Names whoever asked, unlike anyone else. */
  readonly id: string;
  readonly untilMs: number;
}

/** Choices for one lock folder. */
export interface LockFolderOptions {
  /** Must be there; what leads from it to the lock folder is made. */
  readonly anchor: string;
  readonly self: ProcessIdentity;
  /** Age from which another host's record is stale, in milliseconds. */
  readonly foreignMaxAgeMs: number;
}

/** How long to wait for the guard. */
export interface GuardPatience {
  /** By `performance.now()`. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

const GUARD = "guard";
/** Granting takes a fraction of this. */
const GUARD_POLL_MS = 1;
const NAME = /^([0-9a-f]{32})-(.+)\.(held|waiting)$/;
const KEY_LENGTH = 32;
const HOST_UNKNOWN = "unknown";

/** Names an absolute path within file names. */
export function keyOf(path: string): string {
  return sha256(path).slice(0, KEY_LENGTH);
}

/** Whether it has precedence over whoever asks now. */
export function isWaitingInEarnest(record: FoundRecord): boolean {
  return record.isWaiting && record.stale === null && Date.now() <= record.untilMs;
}

/** A folder of lock records; it need not exist before the first lock is taken. */
export class LockFolder {
  readonly path: string;
  readonly #options: LockFolderOptions;
  /** By name, as no record is ever changed. */
  #known = new Map<string, LockRecord | "damaged">();

  constructor(path: string, options: LockFolderOptions) {
    this.path = path;
    this.#options = options;
  }

  /** Does what must not be done by two at once; it may not await. Undefined when others were at it until the deadline. */
  async guarded<Result>(work: () => Result, patience: GuardPatience): Promise<{ result: Result } | undefined> {
    const guard = this.#openGuard();
    try {
      while (!await this.#tryLock(guard)) {
        patience.signal?.throwIfAborted();
        if (performance.now() >= patience.deadlineMs) return undefined;
        await delay(GUARD_POLL_MS);
      }
      return { result: work() };
    } finally {
      letGo(guard);
    }
  }

  /** All records; none when there is no folder. */
  read(): FoundRecord[] {
    const found: FoundRecord[] = [];
    const known = new Map<string, LockRecord | "damaged">();
    const ask = this.#askOnce();
    for (const name of this.#names()) {
      const [, key, id, kind] = NAME.exec(name) ?? [];
      const record = key === undefined ? undefined : this.#known.get(name) ?? this.#readRecord(name, key);
      if (record === undefined) continue;
      known.set(name, record);
      found.push({
        name,
        key,
        id,
        ...(record === "damaged" ? DAMAGED : this.#judge(record, ask(record, id))),
        isWaiting: kind === "waiting",
        record: `${this.path}/${name}`,
      });
    }
    this.#known = known;
    return found;
  }

  /** Only with the guard held: the temporary file has the name of what it becomes. */
  write(name: string, record: LockRecord): void {
    const path = `${this.path}/${name}`, temporary = `${path}.tmp`;
    try {
      writeTemporary(temporary, (file) => writeWhole(file, new TextEncoder().encode(JSON.stringify(record))));
      Deno.renameSync(temporary, path);
    } catch (error) {
      this.#tryRemove(temporary);
      throw folderError(this.path, error);
    }
  }

  /** True when this call was the one that removed it. */
  remove(name: string): boolean {
    try {
      Deno.removeSync(`${this.path}/${name}`);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw folderError(this.path, error);
    }
  }

  /** Only with the guard held: removes what a process left that died while it wrote, or while it held locks. */
  removeLeftovers(): void {
    const names = this.#names();
    for (const name of names) if (name.endsWith(".tmp")) this.remove(name);
    removeAbsent(this.path, names);
  }

  exists(): boolean {
    try {
      return Deno.statSync(this.path).isDirectory;
    } catch {
      return false;
    }
  }

  #names(): string[] {
    try {
      return Array.from(Deno.readDirSync(this.path), ({ name }) => name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw folderError(this.path, error);
    }
  }

  #openGuard(): Deno.FsFile {
    const path = `${this.path}/${GUARD}`, options = { read: true, write: true, create: true };
    try {
      return Deno.openSync(path, options);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw folderError(this.path, error);
    }
    const { anchor } = this.#options;
    try {
      // A mistyped folder is not to be made, with a lock in it that nobody else looks at.
      if (!Deno.statSync(anchor).isDirectory) throw new Error(`${quote(anchor)} is not a folder`);
      Deno.mkdirSync(this.path, { recursive: true });
      return Deno.openSync(path, options);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw folderError(this.path, error);
      const why = `Cannot keep locks in ${quote(this.path)}: folder ${quote(anchor)} does not exist`;
      throw new FileLockError("folder", why, { cause: error });
    }
  }

  /** Deno before 2.5 can only wait for it, which takes no longer than another's granting unless that one was stopped. */
  async #tryLock(file: Deno.FsFile): Promise<boolean> {
    const { tryLockSync } = file as { tryLockSync?: (exclusive: boolean) => boolean };
    try {
      if (tryLockSync !== undefined) return tryLockSync.call(file, true);
      await file.lock(true);
      return true;
    } catch (error) {
      throw folderError(this.path, error);
    }
  }

  /** Undefined when it has just been removed. */
  #readRecord(name: string, key: string): LockRecord | "damaged" | undefined {
    let text: string;
    try {
      text = readRegularText(`${this.path}/${name}`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw folderError(this.path, error);
    }
    const record = parseRecord(text);
    return record === undefined || keyOf(record.path) !== key ? "damaged" : record;
  }

  #judge(
    record: LockRecord,
    liveness: Liveness,
  ): Omit<FoundRecord, "name" | "key" | "id" | "isWaiting" | "record"> {
    const { path, mode, task, pid, host, sinceMs, untilMs = Infinity, isGlob = false } = record;
    const stale = liveness === "dead"
      ? "ended"
      : liveness === "unknown" && Date.now() - sinceMs > this.#options.foreignMaxAgeMs
      ? "expired"
      : null;
    return { path, mode, task, pid, host, sinceMs, untilMs, isGlob, liveness, stale };
  }

  /** Who has many records is asked about once, and oneself, who is most of what is asked, not at all. */
  #askOnce(): (process: LockRecord, id: string) => Liveness {
    const { pid, host, birth } = this.#options.self;
    const known = new Map<string, Liveness>([[identityText({ pid, host, birth }), "alive"]]);
    return (process, id) => {
      const key = identityText(process), holder = holderOf(id);
      let liveness = known.get(key) ?? known.get(holder);
      if (liveness !== undefined) return liveness;
      liveness = livenessOf(process);
      const isNameless = liveness === "unknown" && process.host === host;
      if (isNameless && isPresent(this.path, holder) === false) liveness = "dead";
      known.set(isNameless ? holder : key, liveness);
      return liveness;
    };
  }

  #tryRemove(path: string): void {
    try {
      Deno.removeSync(path);
    } catch {
      // The first error is the one to tell.
    }
  }
}

/** Whoever asked, without which time it was. */
function holderOf(id: string): string {
  return id.slice(0, id.lastIndexOf("-"));
}

const DAMAGED = {
  path: null,
  mode: "exclusive",
  task: null,
  pid: 0,
  host: HOST_UNKNOWN,
  sinceMs: 0,
  untilMs: 0,
  isGlob: false,
  liveness: "unknown",
  stale: "damaged",
} as const;

function identityText({ host, pid, birth }: ProcessIdentity): string {
  return JSON.stringify([host, pid, birth]);
}

function parseRecord(text: string): LockRecord | undefined {
  let value: Partial<Record<keyof LockRecord, unknown>> | null;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { path, mode, task, pid, host, birth, sinceMs, untilMs, isGlob } = value;
  if (typeof path !== "string" || (mode !== "exclusive" && mode !== "shared")) return undefined;
  if (typeof host !== "string" || typeof pid !== "number" || !Number.isSafeInteger(pid) || pid < 1) return undefined;
  if (typeof sinceMs !== "number" || (typeof birth !== "string" && birth !== null)) return undefined;
  if (typeof task !== "string" && task !== null) return undefined;
  const until = typeof untilMs === "number" ? untilMs : undefined;
  return { path, mode, task, pid, host, birth, sinceMs, untilMs: until, isGlob: isGlob === true };
}
