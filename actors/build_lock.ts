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

/** Name of the lock file, beside the config. */
export const LOCK_FILE = ".build_cache.lock";

/** How long a lock that is free may take to be granted before it counts as held. */
const PATIENCE_MS = 25;

/** The holder of a lock that does not say whose it is. */
const UNKNOWN = "unknown";

/** How often one who is to share the lock looks whether it may. */
const LOOK_MS = 20;

/** What a crew's file begins with: all well, or the first member is not ready yet, or somebody died. */
const TIDY = "crew\n", UNTIDY = "left\n";

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
  /** Gives it back. With `untidy` what was left behind still lies about, and the next holder is told again. */
  release(untidy?: "untidy"): void;
}

/**
 * Takes the lock of a folder, waiting for as long as another build has it. One that is `shared` by the members of a crew
 * keeps builds out; the first member has it alone until it lets the others in.
 *
 * @param onWait Told once, with the holder's process id or `unknown`, if it has to wait.
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
 * It looks again and again instead of waiting in the system's queue: whoever comes first after a build was killed must
 * have the lock alone, to tidy up, and the queue would let all members in at once.
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
      if (isIn && isStillAt(path, file)) return holdShared(path, file, { waited, isAlone, wasThere });
      if (!isIn) wait();
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Two that start at once can both find the file: then nothing was left behind, and looking for it does no harm. */
function open(path: string): { file: Deno.FsFile; wasThere: boolean } {
  try {
    return { file: Deno.openSync(path, { read: true, write: true, createNew: true }), wasThere: false };
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    return { file: Deno.openSync(path, { read: true, write: true, create: true }), wasThere: true };
  }
}

/** Of those who share the lock, the last one out removes the file, unless somebody has left something behind. */
function holdShared(
  path: string,
  file: Deno.FsFile,
  { waited, isAlone, wasThere }: { waited: boolean; isAlone: boolean; wasThere: boolean },
): BuildLock {
  const leftBy = isAlone && wasThere ? Number(readHolder(path)) || undefined : undefined;
  // What no crew has written is that of a build that was killed
  if (isAlone || !isCrews(path)) note(file, !isAlone && !wasThere ? TIDY : UNTIDY);
  else write(file, TIDY.length, `${Deno.pid}\n`);
  let isOut = false, isShared = !isAlone;
  return {
    waited,
    leftBehind: isAlone && wasThere,
    leftBy,
    async share() {
      if (isShared) return true;
      isOut = !await tryLock(file, false) || !isStillAt(path, file);
      if (isOut) return false;
      isShared = true;
      write(file, 0, TIDY);
      return true;
    },
    release(untidy) {
      try {
        if (!isOut) {
          if (untidy !== undefined || !isShared) write(file, 0, untidy !== undefined ? UNTIDY : TIDY);
          const { tryLockSync } = file as { tryLockSync?: (exclusive: boolean) => boolean };
          const isLast = tryLockSync?.call(file, true) === true && isStillAt(path, file);
          if (isLast && content(path).startsWith(TIDY)) Deno.removeSync(path);
        }
      } catch {
        // Someone tidied it away; the lock itself goes with the descriptor.
      }
      file.close();
    },
  };
}

function hold(path: string, file: Deno.FsFile, how: Omit<BuildLock, "release">): BuildLock {
  note(file);
  return {
    ...how,
    release(untidy) {
      try {
        if (untidy === undefined) Deno.removeSync(path);
      } catch {
        // Someone tidied it away; the lock itself goes with the descriptor.
      }
      file.close();
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
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), PATIENCE_MS));
  try {
    return await Promise.race([file.lock(exclusive).then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for it, and says so if it is not granted soon. */
async function lockShared(file: Deno.FsFile, onLate: () => void): Promise<true> {
  const timer = setTimeout(onLate, PATIENCE_MS);
  await file.lock(false);
  clearTimeout(timer);
  return true;
}

function readHolder(path: string): string {
  const holder = content(path).trim().split("\n").at(-1)!;
  return /^\d+$/.test(holder) ? holder : UNKNOWN;
}

function isCrews(path: string): boolean {
  const text = content(path);
  return text.startsWith(TIDY) || text.startsWith(UNTIDY);
}

function content(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

function isStillAt(path: string, file: Deno.FsFile): boolean {
  try {
    const named = Deno.statSync(path), open = file.statSync();
    return named.ino === open.ino && named.dev === open.dev;
  } catch {
    return false;
  }
}
