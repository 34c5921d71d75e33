/**
 * Owns how a command that was typed speaks and what ends it: lines and a display as its flags say, and the process's
 * signals. For one that a program calls see actors/commands/invocation.ts.
 *
 * @module
 */
import type { Invocation } from "../actors/commands/invocation.ts";
import type { Level } from "../actors/terminal/build_log.ts";
import { type Face, isCi } from "../actors/terminal/face.ts";
import type { Reporter } from "../actors/terminal/reporter.ts";
import type { ReaderChoices } from "../actors/terminal/run_readers.ts";
import { type ListenerOptions, type Stop, StopListener } from "../actors/process/stop_listener.ts";
import { liveDisplay } from "./live.ts";
import { faceOf, type Flags, levelOf, readersOf } from "./options.ts";
import { createReporter, detectCi, detectScreen, type Screen } from "./terminal.ts";
import type { StopSignal } from "../actors/process/signals.ts";

/** What a process ends with that a signal has ended. */
export const SIGNAL_EXIT = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** A command as it was typed. */
export interface TypedCommand {
  readonly flags: Flags;
  readonly level: Level;
  readonly screen: Screen;
  readonly face: Face;
  readonly reporter: Reporter;
  readonly readers: ReaderChoices;
}

/**
 * Looks how much is to be said, and where: with `--json` and `--events -` lines go to stderr, since stdout carries the
 * report or the events alone.
 *
 * @throws {InputError} When flags exclude each other.
 */
export async function commandOf(flags: Flags): Promise<TypedCommand> {
  const level = levelOf(flags);
  const readers = readersOf(flags);
  const screen = detectScreen(flags.on.has("json") || readers.events === "-" ? "stderr" : "stdout");
  const face = faceOf(flags, { ...screen, ci: detectCi() });
  const summary = face === "github" ? Deno.env.get("GITHUB_STEP_SUMMARY") || undefined : undefined;
  const reporter = await createReporter(screen, face === "github" || detectCi() === "github");
  return { flags, level, screen, face, reporter, readers: { ...readers, summary } };
}

/** Does a command's work, and sees all that it says written; while that lasts, signals end it in good order. */
export async function asCommand<Result>(
  { level, screen, face, reporter, readers }: TypedCommand,
  work: (invocation: Invocation) => Promise<Result>,
  options: ListenerOptions = {},
): Promise<Result> {
  const live = face === "lines" || isCi(face) ? undefined : await liveDisplay(screen, reporter);
  using stop = new StopListener((signal) => Deno.exit(SIGNAL_EXIT[signal]), {
    onContinued: () => live?.leave(),
    ...options,
  });
  try {
    const result = await work({ reporter, level, face, stop, readers, showLive: live?.show, hideLive: live?.hide });
    stop.wrapUp();
    return result;
  } finally {
    live?.hide();
    await reporter.flush();
  }
}

/** Shows the report of `--json`, if that is asked for. Answers whether all was written that anyone wanted to read. */
export async function showJson(report: unknown, { flags, reporter }: TypedCommand, stop?: Stop): Promise<boolean> {
  stop?.wrapUp();
  const isShown = !flags.on.has("json") || await reporter.json(report);
  await reporter.flush();
  return isShown;
}

/** What a build or a run ends the process with; `isReported`: its report is where it was asked for. */
export function exitOf(
  { report, signal, isWritten }: {
    readonly report: { readonly failed: number };
    readonly signal?: StopSignal;
    readonly isWritten: boolean;
  },
  isReported: boolean,
): number {
  if (signal !== undefined) return SIGNAL_EXIT[signal];
  return report.failed > 0 || !isWritten || !isReported ? 1 : 0;
}
