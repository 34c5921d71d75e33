/**
 * Owns the sign by which a holder of file locks is known to live where its process cannot be looked for, from another
 * container or after the machine was started again: a file beside the records that the kernel keeps locked for as long
 * as the holder lives. It knows no records.
 *
 * A sign is there before the first record of its holder and goes after the last, so one that is missing tells nothing.
 *
 * @module
 */
import { canLockAcrossHosts } from "./kernel_lock.ts";

const SUFFIX = ".alive";

type Lockable = Deno.FsFile & { tryLockSync?: (exclusive: boolean) => boolean };

/** The sign of one holder, however many locks it has. */
export class Presence {
  readonly #path: string;
  #file: Lockable | undefined;
  #shown = 0;

  /** `id` is unlike that of any other holder. */
  constructor(folder: string, id: string) {
    this.#path = pathOf(folder, id);
  }

  /** Shows it for `records` more records; where that cannot be, their holder is taken for alive for as long as they are there. */
  show(records: number): void {
    this.#shown += records;
    if (this.#file !== undefined || !("tryLockSync" in Deno.FsFile.prototype)) return; // before Deno 2.5
    try {
      const file: Lockable = Deno.openSync(this.#path, { write: true, createNew: true });
      if (file.tryLockSync!(true)) this.#file = file;
      else file.close();
    } catch {
      // what is wrong with the folder is told by whoever writes the records
    }
  }

  /** So many records of it are gone. */
  hide(records: number): void {
    this.#shown -= records;
    if (this.#shown > 0 || this.#file === undefined) return;
    remove(this.#path);
    this.#file.close();
    this.#file = undefined;
  }
}

/** Whether a holder lives; undefined where its sign tells nothing. */
export function isPresent(folder: string, id: string): boolean | undefined {
  const path = pathOf(folder, id);
  if (!canLockAcrossHosts(folder)) return undefined;
  try {
    using file: Lockable = Deno.openSync(path, { read: true });
    return file.tryLockSync === undefined ? undefined : !file.tryLockSync(false);
  } catch {
    return undefined;
  }
}

/** Removes the signs of holders that are dead. */
export function removeAbsent(folder: string, names: readonly string[]): void {
  for (const name of names) {
    const id = name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : undefined;
    if (id !== undefined && isPresent(folder, id) === false) remove(`${folder}/${name}`);
  }
}

function pathOf(folder: string, id: string): string {
  return `${folder}/${id}${SUFFIX}`;
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // a stray file harms nobody
  }
}
