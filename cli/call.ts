/**
 * Owns how a command that was typed speaks and what ends it: lines and a display as its flags say, and the process's
 * signals. For one that a program calls see actors/commands/caller.ts.
 *
 * @module
 */
import type { Caller } from "../actors/commands/caller.ts";
import type { Level } from "../actors/build_log.ts";
import type { Reporter } from "../actors/reporter.ts";
import { StopListener, type StopSignal } from "../actors/stop_listener.ts";
import { liveDisplay } from "./live.ts";
import { type Flags, levelOf } from "./options.ts";
import { createReporter, detectScreen, type Screen } from "./terminal.ts";

/** What a process ends with that a signal has ended. */
export const SIGNAL_EXIT = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** A command as it was typed. */
export interface Typed {
  readonly flags: Flags;
  readonly level: Level;
  readonly screen: Screen;
  readonly reporter: Reporter;
}

/**
 * Looks how much is to be said, and where: with `--json` lines go to stderr, since stdout carries the report alone.
 *
 * @throws {InputError} When both much and little is.
 */
export async function typed(flags: Flags): Promise<Typed> {
  const level = levelOf(flags);
  const screen = detectScreen(flags.on.has("json") ? "stderr" : "stdout");
  return { flags, level, screen, reporter: await createReporter(screen) };
}

/** Does a command's work; while it lasts, signals end it in good order. */
export async function forTerminal<Result>(
  { level, screen, reporter }: Typed,
  work: (caller: Caller) => Promise<Result>,
): Promise<Result> {
  const showLive = await liveDisplay(screen, reporter);
  using stop = new StopListener();
  return await work({ reporter, level, stop, showLive });
}

/** Shows the report of `--json`, if that is asked for. Answers whether all was written that anyone wanted to read. */
export function showJson(report: unknown, { flags, reporter }: Typed): boolean {
  const isShown = !flags.on.has("json") || reporter.result(JSON.stringify(report, null, 2));
  reporter.flush();
  return isShown;
}

/** What a build or a run ends the process with; `isWritten`: its report is where it was asked for. */
export function exitOf(
  { report, signal }: { readonly report: { readonly failed: number }; readonly signal?: StopSignal },
  isWritten: boolean,
): number {
  if (signal !== undefined) return SIGNAL_EXIT[signal];
  return report.failed > 0 || !isWritten ? 1 : 0;
}
