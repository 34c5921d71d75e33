/**
 * Owns the command `troupe locks`: who holds the locks of a folder's files, and what is left of the dead.
 * The locks are actors/locks.ts's.
 *
 * @module
 */
import { InputError } from "../actors/input.ts";
import { describeHolder, FileLockError } from "../actors/lock_error.ts";
import type { LockHolder, StaleReason } from "../actors/lock_holder.ts";
import { FileLockManager, LOCK_FOLDER } from "../actors/locks.ts";
import { Reporter } from "../actors/reporter.ts";
import { quote } from "../graph/mistakes.ts";
import { timeFormat } from "../graph/run_report.ts";
import { parseFlags } from "./options.ts";

const HELP = `List who holds file locks, and who waits for one with precedence.

Usage: troupe locks [OPTIONS]

Options:
      --folder DIR the folder whose locks are in DIR/${LOCK_FOLDER} (default: the current one)
      --clean      remove those of processes that have ended, and those that cannot be understood
      --json       as JSON
  -h, --help       show this help
`;

/** Runs `troupe locks` and answers with the exit code. */
export async function locksCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("locks", args, {
    boolean: ["clean", "json", "help"],
    string: ["folder"],
    alias: { h: "help" },
    positional: 0,
  });
  const reporter = new Reporter({ lines: "stdout" });
  if (flags.on.has("help")) {
    reporter.result(HELP.trimEnd());
    return 0;
  }
  const locks = new FileLockManager(existing(flags.values.get("folder") ?? "."));
  const { removed, holders } = await asInput(async () => {
    const removed = flags.on.has("clean") ? await locks.clean() : undefined;
    return { removed, holders: locks.list() };
  });
  reporter.result(flags.on.has("json") ? json(holders, removed) : lines(holders, removed, locks).join("\n"));
  return 0;
}

function existing(folder: string): string {
  try {
    if (Deno.statSync(folder).isDirectory) return folder;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new InputError(`Folder ${quote(folder)} does not exist`);
  }
  throw new InputError(`${quote(folder)} is not a folder`);
}

async function asInput<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FileLockError) throw new InputError(error.message);
    throw error;
  }
}

function json(holders: readonly LockHolder[], removed: number | undefined): string {
  const locks = holders.map((holder) => ({
    path: holder.path,
    mode: holder.mode,
    task: holder.task,
    pid: holder.pid,
    host: holder.host,
    since: holder.sinceMs / 1000,
    waiting: holder.isWaiting,
    stale: holder.stale,
  }));
  return JSON.stringify({ locks, ...(removed === undefined ? {} : { removed }) }, null, 2);
}

function lines(holders: readonly LockHolder[], removed: number | undefined, locks: FileLockManager): string[] {
  const summary = removed === undefined ? [] : [`Removed ${removed} stale lock${removed === 1 ? "" : "s"}`];
  if (holders.length === 0) return [...summary, "No locks held"];
  const format = timeFormat();
  return [...summary, ...holders.map((holder) => lineOf(holder, { format, root: locks.resolve(".") }))];
}

function lineOf(
  holder: LockHolder,
  { format, root }: { format: (unixSeconds: number) => string; root: string },
): string {
  if (holder.path === null) return `(${STALE.damaged}: ${holder.record})`;
  const path = holder.path.startsWith(`${root}/`) ? holder.path.slice(root.length + 1) : holder.path;
  const what = `${holder.mode} by ${describeHolder(holder)} since ${format(Math.floor(holder.sinceMs / 1000))}`;
  const stale = holder.stale === null ? "" : ` (${STALE[holder.stale]})`;
  return `${quote(path)}: ${holder.isWaiting ? "waited for, " : ""}${what}${stale}`;
}

const STALE: Readonly<Record<StaleReason, string>> = {
  ended: "stale: that process has ended",
  expired: "stale: too old",
  damaged: "stale: damaged record",
};
