/**
 * Owns what differs between a command that is typed and one that a program calls: how it speaks, and who may end it.
 * The commands beside this file do the same for both.
 *
 * @module
 */
import type { LoadLimits } from "../../graph/headroom.ts";
import type { Level } from "../build_log.ts";
import { InputError } from "../input.ts";
import type { LiveState } from "../live_view.ts";
import { Reporter } from "../reporter.ts";
import type { Counts } from "../run_event.ts";
import { AbortListener, type Stop, StoppedError } from "../stop_listener.ts";

/** More workers than any machine has a use for. */
export const MOST_WORKERS = 1024;

/**
 * How a command that is called by a program speaks, and what ends it.
 *
 * @example
 * ```ts
 * import { build, type CallOptions } from "./mod.ts";
 *
 * const options: CallOptions = { log: "quiet", signal: AbortSignal.timeout(60_000) };
 * const { failed } = await build("fixtures/site/build.json", options);
 * console.log(failed);
 * ```
 */
export interface CallOptions {
  /** What is written to the terminal, as by the command and its flags `--quiet` and `--verbose`; default nothing. */
  readonly log?: "quiet" | "normal" | "verbose";
  /** Its abort ends what runs in good order, as Ctrl-C ends the command; what has ended until then is in the report. */
  readonly signal?: AbortSignal;
}

/** Whom a command works for. */
export interface Caller {
  readonly reporter: Reporter;
  readonly level: Level;
  readonly stop: Stop;
  /** Shows a display while a run lasts; answers with what takes it away. */
  readonly showLive?: (log: Pick<LiveState, "busy">, counts: Counts, total: number) => () => void;
}

/** What the gates are asked. */
export interface GateQuestion {
  /** Ask them; otherwise only their settings count. */
  readonly validate?: boolean;
  /** Path of their settings. */
  readonly gates?: string;
  /** Only about these tasks and what they need. */
  readonly tasks?: readonly string[];
}

/**
 * Does a command's work for a program. Nothing of it is left when it is over: no listener, no thread, no timer.
 *
 * @throws What the signal gives as its reason, when it is aborted before anything was started.
 */
export async function forProgram<Result>(
  { log, signal }: CallOptions,
  work: (caller: Caller) => Promise<Result>,
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
    reporter.flush();
  }
}

/**
 * Refuses options of a run that no run can have.
 *
 * @throws {InputError} Naming the first of them.
 */
export function checkRunning({ workers, loadLimits }: { workers?: number; loadLimits?: LoadLimits }): void {
  checkWhole("workers", workers, 1, MOST_WORKERS);
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
