/**
 * Owns the lock that keeps two builds of one config apart, and what a killed build left in its place.
 * It waits, but it starts and builds nothing.
 *
 * The lock is the system's advisory lock on a file beside the config, which the kernel gives back however its holder
 * dies. The file holds the holder's process id for whoever has to wait, and is removed by an orderly end; one that is
 * there and not locked tells that the last holder was killed.
 *
 * @module
 */

/** Name of the lock file, beside the config. */
export const LOCK_FILE = ".build_cache.lock";

/** How long a lock that is free may take to be granted before it counts as held. */
const PATIENCE_MS = 25;

/** A held lock. */
export interface BuildLock {
  /** True when someone else had it first. */
  readonly waited: boolean;
  /** True when the last holder did not end in good order: its temporary files may lie about. */
  readonly leftBehind: boolean;
  /** Gives it back. */
  release(): void;
}

/**
 * Takes the lock of a folder, waiting for as long as another build has it.
 *
 * @param onWait Told once, with the holder's process id or `unknown`, if it has to wait.
 * @throws What the file system throws when the file cannot be made.
 */
export async function takeBuildLock(folder: string, onWait: (holder: string) => void): Promise<BuildLock> {
  const path = `${folder}/${LOCK_FILE}`;
  let waited = false;
  while (true) {
    const file = Deno.openSync(path, { read: true, write: true, create: true });
    try {
      const granted = file.lock(true);
      if (!await isPrompt(granted)) {
        if (!waited) onWait(readHolder(path));
        waited = true;
        await granted;
      }
      // An orderly holder removes the file before it unlocks: then what was just locked is a file without a name.
      if (isStillAt(path, file)) return hold(path, file, waited);
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
  }
}

function hold(path: string, file: Deno.FsFile, waited: boolean): BuildLock {
  const leftBehind = file.statSync().size > 0;
  file.truncateSync(0);
  file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
  return {
    waited,
    leftBehind,
    release() {
      try {
        Deno.removeSync(path);
      } catch {
        // Someone tidied it away; the lock itself goes with the descriptor.
      }
      file.close();
    },
  };
}

async function isPrompt(granted: Promise<void>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), PATIENCE_MS));
  try {
    return await Promise.race([granted.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

function readHolder(path: string): string {
  try {
    return Deno.readTextFileSync(path).trim() || "unknown";
  } catch {
    return "unknown";
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
