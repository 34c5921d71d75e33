/**
 * Owns what differs between a command that is typed and one that a program calls: how it speaks, and who may end it.
 * The commands beside this file do the same for both.
 *
 * @module
 */
import type { LoadLimits } from "../../graph/schedule/headroom.ts";
import type { Level } from "../terminal/build_log.ts";
import type { Face } from "../terminal/face.ts";
import type { LiveState } from "../terminal/live_view.ts";
import { Reporter } from "../terminal/reporter.ts";
import type { ReaderChoices } from "../terminal/run_readers.ts";
import { AbortListener, type Stop, StoppedError } from "../process/stop_listener.ts";
import { later } from "../machine/later.ts";
import { InputError } from "../../graph/input/input_error.ts";
import { LONGEST_TIME_MS, MOST_WORKERS } from "../../graph/task.ts";

/** How a command that is called by a program speaks, and what ends it. */
export interface CallOptions {
  /** What is written to the terminal, as by the command and its flags `--quiet` and `--verbose`; default nothing. */
  readonly log?: "quiet" | "normal" | "verbose";
  /** Its abort ends what runs in good order, as Ctrl-C ends the command; what has ended until then is in the report. */
  readonly signal?: AbortSignal;
}

/** Whom a command works for. */
export interface Invocation {
  readonly reporter: Reporter;
  readonly level: Level;
  /** Default `lines`. */
  readonly face?: Face;
  readonly stop: Stop;
  /** What is written of its runs beside its lines; default nothing. */
  readonly readers?: ReaderChoices;
  /** Shows a display of a run until the command is over. */
  readonly showLive?: (state: LiveState) => void;
  /** Takes it away before that. */
  readonly hideLive?: () => void;
}

/** What the gates are asked. */
export interface GateQuestion {
  /** Ask them; otherwise only their settings count. */
  readonly validate?: boolean;
  /** What the gates say is known: only keep to the limits. */
  readonly isAsked?: boolean;
  /** Have tasks lock what they declare while they run; default where the gates are asked. */
  readonly locks?: boolean;
  /** Path of their settings. */
  readonly gates?: string;
  /** Only about these tasks and what they need. */
  readonly tasks?: readonly string[];
}

/**
 * Does a command's work for a program. Nothing of it is left when it is over: no listener, no thread, no timer; and the
 * terminal is the program's again.
 *
 * @throws What the signal gives as its reason, when it is aborted before anything was started.
 */
export async function asLibrary<Result>(
  { log, signal }: CallOptions,
  work: (invocation: Invocation) => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted();
  using stop = new AbortListener(signal);
  const reporter = new Reporter({ lines: log === undefined ? "none" : "stdout" });
  try {
    return await work({ reporter, level: log ?? "quiet", stop });
  } catch (error) {
    if (error instanceof StoppedError) signal?.throwIfAborted();
    throw error;
  } finally {
    await reporter.flush();
    (await later<typeof import("../machine/terminal_input.ts")>("../machine/terminal_input.ts", import.meta.url))
      .giveBackInput();
  }
}

/**
 * Refuses options of a run that no run can have.
 *
 * @throws {InputError} Naming the first of them.
 */
export function checkRunning(
  { workers, loadLimits, graceMs }: { workers?: number; loadLimits?: LoadLimits; graceMs?: number },
): void {
  checkWhole("workers", workers, 1, MOST_WORKERS);
  checkWhole("graceMs", graceMs, 0, LONGEST_TIME_MS);
  for (const [name, share] of Object.entries(loadLimits ?? {})) {
    // 80 would limit nothing, where 80% was meant
    if (share === undefined || (share > 0 && share <= 1)) continue;
    throw new InputError(`loadLimits.${name} must be a share above 0 and up to 1, not ${share}`);
  }
}

/**
 * Refuses an option that is not a whole number in a range.
 *
 * @throws {InputError} When it is given and is none.
 */
export function checkWhole(name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least && value <= most)) return;
  throw new InputError(`${name} must be a whole number from ${least} to ${most}, not ${value}`);
}
