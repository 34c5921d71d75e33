/**
 * Owns a build's turn in its folder: the lock that it waits for, and the undoing of what a killed one has left half done.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import { undoneLine } from "../../graph/report/build_lines.ts";
import { type BuildLock, takeBuildLock } from "../locks/build_lock.ts";
import type { LoadedBuild } from "../input/load.ts";
import { PlaceTakenError } from "../machine/regular_file.ts";
import type { Reporter } from "../terminal/reporter.ts";
import { Stop, StoppedError } from "../process/stop_listener.ts";
import { systemDetail } from "../machine/system_error.ts";
import { TransactionError } from "./transaction/error.ts";
import { hasTransaction, TRANSACTION_FOLDER } from "./transaction/folder.ts";
import { later } from "../machine/later.ts";
import { InputError } from "../../graph/input/input_error.ts";
import { quote } from "../../graph/text.ts";

/** Members of a crew wait for the first of them, but not for so long: then it is something else. */
const SHARING_MS = 1000;

/** Choices for {@linkcode takeLock}. */
export interface TurnOptions {
  readonly reporter: Reporter;
  readonly stop: Stop;
  /** For a member of a crew: other members may build as well. */
  readonly shared?: "shared";
  /** What cannot be begun without a lock; default a build, which can. */
  readonly toDo?: "transaction" | "cleaning";
}

/**
 * Without a lock (a folder that cannot be written) a build goes on: it may still find that all is done.
 *
 * @throws {InputError} When there is something else in the lock's place, or no lock, and the folder is to be cleaned.
 * @throws {TransactionError} When there is no lock, and the build is a transaction or has one to undo first.
 */
export async function takeLock(
  build: LoadedBuild,
  { reporter, stop, shared, toDo }: TurnOptions,
): Promise<BuildLock | undefined> {
  const tell = (holder: string) => reporter.error(`Waiting for another build in this folder (process ${holder})`);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onWait = shared === undefined ? tell : (holder: string) => timer = setTimeout(() => tell(holder), SHARING_MS);
  const taking = takeBuildLock(build.folder, onWait, shared);
  try {
    return await abortable(taking, stop.aborted);
  } catch (error) {
    if (error instanceof StoppedError) {
      // A program goes on, and would keep everyone out once it is its turn.
      taking.then((lock) => lock.release(lock.leftBehind ? "unclean" : undefined), () => {});
      throw error;
    }
    if (error instanceof PlaceTakenError) throw new InputError(`Cannot lock ${quote(build.folder)}: ${error.message}`);
    const cannot = `Cannot lock ${quote(build.folder)}: ${systemDetail(error)}`;
    if (toDo === "cleaning") throw new InputError(`${cannot}; so nobody could be kept from building meanwhile`);
    if (toDo === "transaction") {
      throw new TransactionError(`${cannot}; a transaction needs a lock, so that nobody else builds here meanwhile`);
    }
    if (hasTransaction(build.folder)) {
      throw new TransactionError(`${cannot}; the unfinished transaction in it cannot be undone without a lock`);
    }
    reporter.error(`${cannot}; building without a lock`);
  } finally {
    if (timer !== undefined) clearTimeout(timer); // which loads what Deno has timers by
  }
}

/** Undoes what a build that was killed in a transaction has changed, and says so. */
export async function undoUnfinished(
  folder: string,
  { isLocked, reporter }: { readonly isLocked: boolean; readonly reporter: Reporter },
): Promise<void> {
  if (!hasTransaction(folder)) return;
  const { recoverTransaction } = await later<typeof import("./transaction/recovery.ts")>(
    "./transaction/recovery.ts",
    import.meta.url,
  );
  if (!isLocked) {
    const path = quote(`${folder}/${TRANSACTION_FOLDER}`);
    throw new TransactionError(`Cannot undo the unfinished transaction in ${path} without a lock`);
  }
  const undone = recoverTransaction(folder);
  if (undone === undefined) return;
  for (const failure of undone.failures) reporter.error(failure);
  reporter.error(undoneLine(undone.count));
}
