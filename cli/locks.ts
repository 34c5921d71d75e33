/**
 * Owns the command `troupe locks`: its flags, its help, and what is printed. What it shows is actors/commands/locks.ts's.
 *
 * @module
 */
import { type HeldLocks, lockHolders, locksReport } from "../actors/commands/locks.ts";
import { describeHolder } from "../actors/lock_error.ts";
import type { LockHolder, StaleReason } from "../actors/lock_holder.ts";
import { LOCK_FOLDER } from "../actors/locks.ts";
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
  const found = await lockHolders({ folder: flags.values.get("folder"), clean: flags.on.has("clean") });
  reporter.result(flags.on.has("json") ? JSON.stringify(locksReport(found), null, 2) : lines(found).join("\n"));
  return 0;
}

function lines({ holders, removed, root }: HeldLocks): string[] {
  const summary = removed === undefined ? [] : [`Removed ${removed} stale lock${removed === 1 ? "" : "s"}`];
  if (holders.length === 0) return [...summary, "No locks held"];
  const format = timeFormat();
  return [...summary, ...holders.map((holder) => lineOf(holder, { format, root }))];
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
