/**
 * Owns the asking of the gates before a build or a run starts anything: what they say is shown and kept to. What they say
 * is graph/gates/'s.
 *
 * Conflicting tasks need not be kept apart here: the scheduler never has two of them running, asked or not.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { resolve } from "@std/path/posix/resolve";
import type { Verdict } from "../../graph/gates/findings.ts";
import { GateError } from "../../graph/gates/gate_task.ts";
import type { ParallelExecutionGates } from "../../graph/gates/gates.ts";
import { hasConflicts } from "../../graph/gates/resolution.ts";
import type { GateSettings } from "../../graph/gates/settings.ts";
import { verdictLines } from "../../graph/gates/text.ts";
import { quote } from "../../graph/mistakes.ts";
import { loadSettings, openGates } from "../load_gates.ts";
import { type Stop, StoppedError } from "../stop_listener.ts";
import type { Caller, GateQuestion } from "./caller.ts";

/** A delay of 0 would ask without a pause. */
const LEAST_DELAY_MS = 10;

/** What there is to keep to. */
export interface Validation {
  readonly settings: GateSettings;
  /** Whether to say now and then what runs and what the machine bears. */
  readonly isWatched: boolean;
}

/**
 * Reads the settings and, if it is asked to, asks the gates about the tasks that are to be run and shows the report.
 * Where only held locks are in the way, it waits for them.
 *
 * @throws {InputError} With every mistake in the settings or the environment.
 * @throws {GateError} When nothing may be started, saying why.
 * @throws {StoppedError} When it is stopped while it waits.
 */
export async function validate(path: string, question: GateQuestion, caller: Caller): Promise<Validation> {
  const given = { settings: question.gates, only: question.tasks };
  if (!question.validate) {
    const settings = await loadSettings(dirname(resolve(path)), given);
    return { settings, isWatched: isWatched(settings, caller) };
  }
  const { gates, settings } = await openGates(path, given);
  const verdict = gates.ask();
  const level = caller.level === "quiet" ? "ERROR" : settings.logLevel;
  for (const { text, tone } of verdictLines(verdict, level)) caller.reporter.line(text, tone);
  if (settings.conflictResolution === "refuse" && hasConflicts(verdict)) {
    throw new GateError('Refused: the gates found conflicts, and conflict_resolution is "refuse"');
  }
  await awaitLocks(verdict, { gates, settings, stop: caller.stop });
  return { settings, isWatched: isWatched(settings, caller) };
}

function isWatched({ enableMonitoring, logLevel }: GateSettings, { level }: Caller): boolean {
  return enableMonitoring && (logLevel === "DEBUG" || logLevel === "INFO") && level !== "quiet";
}

/** Asks again after each of the delays, the last one repeated, until the locks are free or it takes too long. */
async function awaitLocks(
  verdict: Verdict,
  { gates, settings, stop }: {
    readonly gates: ParallelExecutionGates;
    readonly settings: GateSettings;
    readonly stop: Stop;
  },
): Promise<void> {
  const { retryDelays, lockTimeoutSeconds } = settings;
  const deadline = performance.now() + lockTimeoutSeconds * 1000;
  for (let round = 0;; round++) {
    const [issue] = verdict.report.lock_issues;
    if (issue === undefined) return;
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) {
      const { task, file } = issue;
      const what = `${quote(file)} of task ${quote(task)}`;
      throw new GateError(`Refused: ${what} is still locked after ${lockTimeoutSeconds}s; see troupe locks`);
    }
    const delayMs = Math.max(LEAST_DELAY_MS, 1000 * retryDelays[Math.min(round, retryDelays.length - 1)]);
    await pause(Math.min(delayMs, leftMs), stop);
    verdict = gates.ask();
  }
}

function pause(ms: number, stop: Stop): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    stop.onSignal = () => {
      clearTimeout(timer);
      reject(new StoppedError(stop.signal!));
    };
    if (stop.signal !== undefined) stop.onSignal();
  });
}
