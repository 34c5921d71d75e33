/**
 * Owns what can go wrong with a file lock, as a kind and a sentence each, and the words for who holds one.
 * It takes and frees none.
 *
 * @module
 */
import type { LockHolder, LockMode } from "./holder.ts";
import { systemDetail } from "../machine/system_error.ts";
import { quote } from "../../graph/text.ts";
import { timeFormat } from "../../graph/report/time_of_day.ts";

/** What kind of error it is. */
export type FileLockErrorKind =
  /** Someone else had it until the time was up. */
  | "timeout"
  /** The lock folder cannot be read, written or locked. */
  | "folder";

/**
 * A file lock that cannot be had; the message is all of it, for the user.
 *
 * @example
 * ```ts
 * import { FileLockError, FileLockManager } from "./mod.ts";
 *
 * const locks = new FileLockManager(".");
 * using _held = await locks.acquire("errors.txt", "exclusive", { task: "first" });
 * try {
 *   await locks.acquire("errors.txt", "exclusive", { timeoutMs: 1 });
 * } catch (error) {
 *   if (error instanceof FileLockError) console.log(error.holders[0].task); // first
 * }
 * ```
 */
export class FileLockError extends Error {
  /** Tells it from other errors. */
  override readonly name = "FileLockError";
  /** Holders who were in the way, where the kind is `timeout`. */
  readonly holders: readonly LockHolder[];

  /** `kind` is for programs, the message for people. */
  constructor(
    readonly kind: FileLockErrorKind,
    message: string,
    options: ErrorOptions & { readonly holders?: readonly LockHolder[] } = {},
  ) {
    super(message, options);
    this.holders = options.holders ?? [];
  }
}

/** What the system said about a lock folder, as a sentence; a missing permission of Deno's own stays as it is. */
export function folderError(folder: string, error: unknown): unknown {
  if (error instanceof FileLockError || error instanceof Deno.errors.NotCapable) return error;
  return new FileLockError("folder", `Cannot keep locks in ${quote(folder)}: ${systemDetail(error)}`, { cause: error });
}

/** What was wanted, by paths as they are to be shown. */
interface WantedLock {
  readonly path: string;
  readonly mode: LockMode;
  readonly folder: string;
  readonly timeoutMs: number;
}

/** Nobody is in the way when it is the lock folder itself that was never free. */
export function timeoutError(
  { path, mode, folder, timeoutMs }: WantedLock,
  inTheWay: readonly { readonly holder: LockHolder; readonly path: string }[],
): FileLockError {
  const lines = [`Cannot lock ${quote(path)} for ${PURPOSE[mode]} within ${timeoutMs / 1000}s`];
  if (inTheWay.length === 0) {
    lines.push(`  another process is changing ${quote(folder)} all the time, or was stopped at it`);
  }
  for (const { holder, path: other } of inTheWay) {
    const what = other === path ? "it" : quote(other);
    lines.push(`  ${holding(holder, what)}, since ${timeFormat()(Math.floor(holder.sinceMs / 1000))}`);
  }
  const holders = inTheWay.map(({ holder }) => holder);
  const foreign = holders.find((holder) => holder.liveness === "unknown");
  if (foreign !== undefined) {
    lines.push(
      `  from here it cannot be told whether it still runs on ${quote(foreign.host)}; if not, remove its record:`,
    );
    lines.push(`  ${foreign.record}`);
  }
  return new FileLockError("timeout", lines.join("\n"), { holders });
}

/** What is said of a task, or of further ones, that have to wait for what others have locked, by paths as they are to be shown. */
export function waitingSentence(
  task: string | undefined,
  inTheWay: readonly { readonly holder: LockHolder; readonly path: string }[],
  folder: string,
): string {
  const [first, ...others] = inTheWay;
  const who = first === undefined
    ? `another process is changing ${quote(folder)}`
    : holding(first.holder, quote(first.path)) + (others.length > 0 ? ` (and ${others.length} more)` : "");
  return `${task === undefined ? "More tasks wait for a lock" : `Task ${quote(task)} waits for a lock`}: ${who}`;
}

function holding(holder: LockHolder, what: string): string {
  const verb = holder.isWaiting ? "has waited longer for" : "holds";
  return `${describeHolder(holder)} ${verb} ${what} for ${PURPOSE[holder.mode]}`;
}

/** What is said when a stale record was removed to grant a lock. */
export function takeoverSentence(holder: LockHolder, path: string): string {
  if (holder.stale === "damaged") return `Removed damaged lock record ${quote(holder.record)}`;
  const why = holder.stale === "ended" ? "ended without releasing it" : "has had it for too long";
  return `Took over the lock on ${quote(path)}: ${describeHolder(holder)} ${why}`;
}

export function describeHolder(holder: Pick<LockHolder, "task" | "pid" | "host">): string {
  const process = `process ${holder.pid} on ${quote(holder.host)}`;
  return holder.task === null ? process : `task ${quote(holder.task)} (${process})`;
}

const PURPOSE: Readonly<Record<LockMode, string>> = { exclusive: "writing", shared: "reading" };
