/**
 * Owns the command `troupe locks`: its flags, its help, and what is printed. What it shows is actors/commands/locks.ts's.
 *
 * @module
 */
import { besideConfig } from "../actors/input/config_search.ts";
import { type HeldLocks, lockHolders, locksReport } from "../actors/commands/locks.ts";
import { describeHolder } from "../actors/locks/error.ts";
import type { LockHolder, StaleReason } from "../actors/locks/holder.ts";
import { LOCK_FOLDER } from "../actors/locks/locks.ts";
import { Reporter } from "../actors/terminal/reporter.ts";
import { LOCKS_PAGE } from "./help/check.ts";
import { specOf } from "./help/page.ts";
import { type Flags, parseFlags } from "./options.ts";
import { counted, quote } from "../graph/text.ts";
import { timeFormat } from "../graph/report/time_of_day.ts";

/** Runs `troupe locks` and answers with the exit code. */
export async function locksCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags("locks", args, specOf(LOCKS_PAGE));
  const reporter = new Reporter({ lines: "stdout" });
  if (flags.on.has("help")) return await (await import("./help/show.ts")).showHelp(LOCKS_PAGE);
  const found = await lockHolders({ folder: folderOf(flags), clean: flags.on.has("clean") });
  if (flags.on.has("json")) await reporter.json(locksReport(found));
  else await reporter.result(lines(found).join("\n"));
  return 0;
}

/** The folder that is meant: the one that is named, this one or, where it has no locks, that of the config found. */
function folderOf({ values }: Flags): string {
  return values.get("folder") ?? (besideConfig(LOCK_FOLDER).slice(0, -LOCK_FOLDER.length) || ".");
}

function lines({ holders, removed, root }: HeldLocks): string[] {
  const summary = removed === undefined ? [] : [`Removed ${counted(removed, "stale lock")}`];
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
