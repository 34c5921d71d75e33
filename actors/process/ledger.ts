/**
 * Owns the form of the ledger: a small file that says which process groups are alive, so that the watchdog can end
 * them when troupe no longer can. It ends nothing itself.
 *
 * One slot of fixed size a worker, so that each writes its own with one positioned write and no lock. It is not synced:
 * what the kernel has been told outlives any death of troupe, and when the machine dies there is no group left.
 *
 * A slot that cannot be written (a full temp folder, no descriptor left) is done without and fails no task: the
 * watchdog knows commands by their mark as well.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { pidNamespace } from "../machine/process_table.ts";

const NAME = "troupe-ledger";

/** A group id in decimal, padded with blanks, and a newline. */
const SLOT_BYTES = 16;

/**
 * Makes an empty ledger in the temp folder for workers 1 to `workers`, and gives its path.
 *
 * @throws What the file system throws; nothing is left then.
 */
export function createLedger(workers: number): string {
  const path = Deno.makeTempFileSync({ prefix: `${NAME}-${pidNamespace() ?? ""}-${Deno.pid}-` });
  try {
    Deno.writeTextFileSync(path, formatSlot("").repeat(workers));
  } catch (error) {
    Deno.removeSync(path);
    throw error;
  }
  return path;
}

/**
 * How the paths of all ledgers in its folder begin whose owners' process ids mean the same as here; the id follows, up to
 * a dash. Empty where that is not known, or there is no ledger.
 */
export function commonPrefix(path: string): string {
  const namespace = pidNamespace();
  return path === "" || namespace === undefined ? "" : `${dirname(path)}/${NAME}-${namespace}-`;
}

/** The group that a worker has entered, if it has one and the ledger can be read. */
export function readSlot(path: string, workerId: number): number | undefined {
  try {
    const groupId = Number(Deno.readTextFileSync(path).split("\n")[workerId - 1]);
    return groupId > 0 ? groupId : undefined;
  } catch {
    return undefined;
  }
}

/** One worker's slot; stays open until it is closed or its thread ends. */
export class LedgerSlot implements Disposable {
  readonly #file: Deno.FsFile | undefined;
  readonly #offset: number;

  /** An empty path stands for no ledger. */
  constructor(path: string, workerId: number) {
    this.#file = openIfPossible(path);
    this.#offset = (workerId - 1) * SLOT_BYTES;
  }

  /** Enters a group; called right after its start. */
  set(groupId: number): void {
    this.#write(`${groupId}`);
  }

  /** Takes the group out; called when it is gone. */
  clear(): void {
    this.#write("");
  }

  [Symbol.dispose](): void {
    this.#file?.close();
  }

  #write(content: string): void {
    try {
      this.#file?.seekSync(this.#offset, Deno.SeekMode.Start);
      this.#file?.writeSync(new TextEncoder().encode(formatSlot(content)));
    } catch {
      // Done without; see above.
    }
  }
}

function openIfPossible(path: string): Deno.FsFile | undefined {
  try {
    return Deno.openSync(path, { write: true });
  } catch {
    return undefined;
  }
}

function formatSlot(content: string): string {
  return `${content.padEnd(SLOT_BYTES - 1)}\n`;
}
