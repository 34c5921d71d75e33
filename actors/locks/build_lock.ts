/**
 * Owns the lock that keeps two builds of one config apart, and what a killed build left in its place.
 * It waits, but it starts and builds nothing.
 *
 * The lock is the system's advisory lock on a file beside the config, which the kernel gives back however its holder
 * dies. The file holds the holder's process id for whoever has to wait, and is removed by an orderly end; one that is
 * there and not locked tells that the last holder was killed. Its being there is what counts, not what is in it: after
 * a power cut the names are on the disk that were there when an artifact was synced, but not the process id.
 *
 * The members of a crew share it. A line before the process id says whether all is well with what they do there; each
 * of the two lines is written apart, so that nobody writes over what another has just said.
 *
 * @module
 */

import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import { isStillAt } from "./kernel_lock.ts";
import { letGo } from "../machine/file_lock.ts";
import { openOwn } from "../machine/regular_file.ts";

/** Name of the lock file, beside the config. */
export const LOCK_FILE = ".build_cache.lock";

/** How long a lock that is free may take to be granted before it counts as held. */
const PATIENCE_MS = 25;

/** The holder of a lock that does not say whose it is. */
const UNKNOWN = "unknown";

/** How often one who is to share the lock looks whether it may. */
const LOOK_MS = 20;

/** What a crew's file begins with: all well, or the first member is not ready yet, or somebody died. */
const CLEAN = "crew\n", UNCLEAN = "left\n";

/** A held lock. */
export interface BuildLock {
  /** True when someone else had it first. */
  readonly waited: boolean;
  /** True when the last holder did not end in good order: its temporary files may lie about. */
  readonly leftBehind: boolean;
  /** Process id of that holder, where it is known: its commands may still be about to end. */
  readonly leftBy?: number;
  /**
   * Lets other members of a crew in, where the lock is shared; until then its holder is alone. False when a build came in
   * between: then what was prepared may not hold any more, and the lock is to be released and taken again.
   */
  share?(): Promise<boolean>;
  /**
   * Gives it back. With `unclean` what was left behind still lies about, and the next holder is told again, unless this is the
   * last one out and can `clean` up.
   */
  release(unclean?: "unclean", clean?: () => void): void;
}

/**
 * Takes the lock of a folder, waiting for as long as another build has it. One that is `shared` by the members of a crew
 * keeps builds out; the first member has it alone until it lets the others in.
 *
 * @param onWait Told once, with the holder's process id or `unknown`, if it has to wait.
 * @throws {PlaceTakenError} When there is no file in its place, but a link, say.
 * @throws What the file system throws when the file cannot be made.
 */
export async function takeBuildLock(
  folder: string,
  onWait: (holder: string) => void,
  shared?: "shared",
): Promise<BuildLock> {
  const path = `${folder}/${LOCK_FILE}`;
  if (shared !== undefined) return await takeShared(path, onWait);
  let waited = false;
  while (true) {
    const { file, wasThere } = open(path);
    try {
      if (!await tryLock(file, true)) {
        if (!waited) onWait(readHolder(path));
        waited = true;
        await file.lock(true);
      }
      // An orderly holder removes the file before it unlocks: then what was just locked is a file without a name.
      if (isStillAt(path, file)) {
        // Its maker may come second, and the first may have been killed: then there is a process id in it.
        const holder = readHolder(path);
        return hold(path, file, {
          waited,
          leftBehind: wasThere || holder !== UNKNOWN,
          leftBy: holder === UNKNOWN ? undefined : Number(holder),
        });
      }
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
  }
}

/**
 * A waiter looks again and again instead of waiting in the system's queue: whoever comes first after a build was killed must
 * have the lock alone, to clean up, and the queue would let all members in at once.
 */
async function takeShared(path: string, onWait: (holder: string) => void): Promise<BuildLock> {
  let waited = false;
  const wait = () => {
    if (!waited) onWait(readHolder(path));
    waited = true;
  };
  while (true) {
    const { file, wasThere } = open(path);
    try {
      // Where it can only be waited for, being alone is not asked for: it would be granted at some time or other
      const isAlone = canTry(file) && await tryLock(file, true);
      const isIn = isAlone || (canTry(file) ? await tryLock(file, false) : await lockShared(file, wait));
      if (isIn && isStillAt(path, file)) return new SharedLock(path, file, { waited, isAlone, wasThere });
      if (!isIn) wait();
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
    await delay(LOOK_MS);
  }
}

/** Two that start at once can both find the file: then nothing was left behind, and looking for it does no harm. */
function open(path: string): { file: Deno.FsFile; wasThere: boolean } {
  while (true) {
    try {
      return { file: Deno.openSync(path, { read: true, write: true, createNew: true }), wasThere: false };
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
    try {
      return { file: openOwn(path, { read: true, write: true }), wasThere: true };
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // else its holder has just removed it
    }
  }
}

/** How a holder of a shared lock stands to it: before it lets others in, since, or since a build came in between. */
type LockStanding = "alone" | "sharing" | "out";

/** A lock that members of a crew share. The last one out removes the file, unless somebody has left something behind. */
class SharedLock implements BuildLock {
  readonly waited: boolean;
  readonly leftBehind: boolean;
  readonly leftBy: number | undefined;
  readonly #path: string;
  readonly #file: Deno.FsFile;
  #standing: LockStanding;

  constructor(
    path: string,
    file: Deno.FsFile,
    { waited, isAlone, wasThere }: { waited: boolean; isAlone: boolean; wasThere: boolean },
  ) {
    this.#path = path;
    this.#file = file;
    this.#standing = isAlone ? "alone" : "sharing";
    this.waited = waited;
    this.leftBehind = isAlone && wasThere;
    this.leftBy = this.leftBehind ? Number(readHolder(path)) || undefined : undefined;
    // What no crew has written is that of a build that was killed
    if (isAlone || !isCrews(path)) note(file, !isAlone && !wasThere ? CLEAN : UNCLEAN);
    else write(file, CLEAN.length, `${Deno.pid}\n`);
  }

  async share(): Promise<boolean> {
    if (this.#standing === "sharing") return true;
    const isIn = await tryLock(this.#file, false) && isStillAt(this.#path, this.#file);
    this.#standing = isIn ? "sharing" : "out";
    if (isIn) write(this.#file, 0, CLEAN);
    return isIn;
  }

  release(unclean?: "unclean", clean?: () => void): void {
    try {
      if (this.#standing !== "out") this.#leave(unclean, clean);
    } catch {
      // Someone tidied it away; the lock itself goes all the same.
    }
    letGo(this.#file);
  }

  #leave(unclean?: "unclean", clean?: () => void): void {
    if (unclean !== undefined || this.#standing === "alone") {
      write(this.#file, 0, unclean === undefined ? CLEAN : UNCLEAN);
    }
    const { tryLockSync } = this.#file as { tryLockSync?: (exclusive: boolean) => boolean };
    const isLast = tryLockSync?.call(this.#file, true) === true && isStillAt(this.#path, this.#file);
    if (!isLast) return;
    const isClean = content(this.#path).startsWith(CLEAN);
    if (!isClean) clean?.();
    if (isClean || clean !== undefined) Deno.removeSync(this.#path);
  }
}

function hold(path: string, file: Deno.FsFile, how: Omit<BuildLock, "release">): BuildLock {
  note(file);
  return {
    ...how,
    release(unclean) {
      try {
        if (unclean === undefined) Deno.removeSync(path);
      } catch {
        // Someone tidied it away; the lock itself goes all the same.
      }
      letGo(file);
    },
  };
}

/** Notes whose lock it is; of a crew's also whether all is well. */
function note(file: Deno.FsFile, state = ""): void {
  write(file, 0, `${state}${Deno.pid}\n`, "alone");
}

/** What stood behind it is gone with `alone`. */
function write(file: Deno.FsFile, at: number, text: string, alone?: "alone"): void {
  try {
    if (alone !== undefined) file.truncateSync(0);
    file.seekSync(at, Deno.SeekMode.Start);
    file.writeSync(new TextEncoder().encode(text));
  } catch {
    // A full disk: the lock is held all the same, only nobody can say by whom.
  }
}

function canTry(file: Deno.FsFile): boolean {
  return "tryLockSync" in file;
}

/** Deno before 2.5 can only wait for a lock: there, one that is not granted soon counts as held. */
async function tryLock(file: Deno.FsFile, exclusive: boolean): Promise<boolean> {
  const { tryLockSync } = file as { tryLockSync?: (exclusive: boolean) => boolean };
  if (tryLockSync !== undefined) return tryLockSync.call(file, exclusive);
  return await isGrantedSoon(file.lock(exclusive));
}

/** Waits for it, and says so if it is not granted soon. */
async function lockShared(file: Deno.FsFile, onLate: () => void): Promise<true> {
  const locking = file.lock(false);
  if (!await isGrantedSoon(locking)) onLate();
  await locking;
  return true;
}

async function isGrantedSoon(locking: Promise<void>): Promise<boolean> {
  try {
    await deadline(locking, PATIENCE_MS);
    return true;
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError") return false;
    throw error;
  }
}

function readHolder(path: string): string {
  const holder = content(path).trim().split("\n").at(-1)!;
  return /^\d+$/.test(holder) ? holder : UNKNOWN;
}

function isCrews(path: string): boolean {
  const text = content(path);
  return text.startsWith(CLEAN) || text.startsWith(UNCLEAN);
}

function content(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
