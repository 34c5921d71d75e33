/**
 * Owns `--validate` and `--gates` of `troupe build` and `troupe run`: the gates are asked before anything starts, and
 * what they say is shown and kept to. What they say is graph/gates/'s.
 *
 * Conflicting tasks need not be kept apart here: the scheduler never has two of them running, asked or not.
 *
 * @module
 */
import { dirname } from "@std/path/posix/dirname";
import { resolve } from "@std/path/posix/resolve";
import { loadSettings, openGates } from "../actors/load_gates.ts";
import type { Reporter } from "../actors/reporter.ts";
import type { ParallelExecutionGates } from "../graph/gates/gates.ts";
import type { Verdict } from "../graph/gates/findings.ts";
import { hasConflicts } from "../graph/gates/resolution.ts";
import type { GateSettings } from "../graph/gates/settings.ts";
import { verdictLines } from "../graph/gates/text.ts";
import { quote } from "../graph/mistakes.ts";
import type { Flags } from "./options.ts";

/** A delay of 0 would ask without a pause. */
const LEAST_DELAY_MS = 10;

/** What there is to keep to. */
export interface Validation {
  readonly settings: GateSettings;
  /** Whether to say now and then what runs and what the machine bears. */
  readonly isWatched: boolean;
  /** Why nothing may be started; absent when it may. */
  readonly refusal?: string;
}

/**
 * Reads the settings and, with `--validate`, asks the gates about the tasks that are to be run and shows the report.
 * Where only held locks are in the way, it waits for them.
 *
 * @throws {InputError} With every mistake in the settings or the environment.
 */
export async function validate(path: string, flags: Flags, reporter: Reporter): Promise<Validation> {
  const given = { settings: flags.values.get("gates"), only: flags.lists.get("task") };
  if (!flags.on.has("validate")) {
    const settings = await loadSettings(dirname(resolve(path)), given);
    return { settings, isWatched: isWatched(settings, flags) };
  }
  const { gates, settings } = await openGates(path, given);
  const verdict = gates.ask();
  const level = flags.on.has("quiet") ? "ERROR" : settings.logLevel;
  for (const { text, tone } of verdictLines(verdict, level)) reporter.line(text, tone);
  const refusal = settings.conflictResolution === "refuse" && hasConflicts(verdict)
    ? 'Refused: the gates found conflicts, and conflict_resolution is "refuse"'
    : await awaitLocks(verdict, { gates, settings });
  return { settings, isWatched: isWatched(settings, flags), refusal };
}

function isWatched({ enableMonitoring, logLevel }: GateSettings, flags: Flags): boolean {
  return enableMonitoring && (logLevel === "DEBUG" || logLevel === "INFO") && !flags.on.has("quiet");
}

/** Asks again after each of the delays, the last one repeated. The answer is whose lock was not released in time. */
async function awaitLocks(
  verdict: Verdict,
  { gates, settings }: { readonly gates: ParallelExecutionGates; readonly settings: GateSettings },
): Promise<string | undefined> {
  const { retryDelays, lockTimeoutSeconds } = settings;
  const deadline = performance.now() + lockTimeoutSeconds * 1000;
  for (let round = 0;; round++) {
    const [issue] = verdict.report.lock_issues;
    if (issue === undefined) return undefined;
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) {
      const { task, file } = issue;
      return `Refused: ${quote(file)} of task ${
        quote(task)
      } is still locked after ${lockTimeoutSeconds}s; see troupe locks`;
    }
    const delayMs = Math.max(LEAST_DELAY_MS, 1000 * retryDelays[Math.min(round, retryDelays.length - 1)]);
    await new Promise((resume) => setTimeout(resume, Math.min(delayMs, leftMs)));
    verdict = gates.ask();
  }
}
