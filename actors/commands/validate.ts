/**
 * Owns the asking of the gates before a build or a run starts anything: what they say is shown and kept to. What they say
 * is graph/gates/'s.
 *
 * Conflicting tasks need not be kept apart here: the scheduler never has two of them running, asked or not. Nor are the
 * locks of what tasks declare waited for: each task takes them itself, when its turn comes.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Verdict } from "../../graph/gates/findings.ts";
import { GateError } from "../../graph/gates/gate_task.ts";
import type { ParallelExecutionGates } from "../library/gates.ts";
import { hasConflicts } from "../../graph/gates/resolution.ts";
import type { GateSettings } from "../../graph/gates/settings.ts";
import { verdictLines } from "../../graph/gates/text.ts";
import { folderOf, loadSettings, openGates, type TasksSource } from "./load_gates.ts";
import type { LockPatience } from "../locks/task_locks.ts";
import type { Stop } from "../process/stop_listener.ts";
import type { GateQuestion, Invocation } from "./invocation.ts";
import { quote } from "../../graph/text.ts";

/** A delay of 0 would ask without a pause. */
const LEAST_DELAY_MS = 10;

/** What there is to keep to. */
export interface Validation {
  /** After how many tasks the cache is put on the disk; as it is always where the settings are not wanted for that. */
  readonly checkpointEvery?: number;
  /** There where tasks are to lock what they declare while they run. */
  readonly locks?: LockPatience;
  /** Whether to say now and then what runs and what the machine bears. */
  readonly isWatched: boolean;
  /** What the run is to keep to where the gates were asked. */
  readonly limits?: RunLimits;
  /** What they said. */
  readonly verdict?: Verdict;
}

/** What may run at once. */
export interface RunLimits {
  readonly maxParallelTasks: number;
  readonly maxContextComplexity: number;
}

/**
 * Reads the settings and, if it is asked to, asks the gates about the tasks that are to be run and shows the report.
 * Where only held locks are in the way, it waits for them.
 *
 * @throws {InputError} With every diagnostic in the settings or the environment.
 * @throws {GateError} When nothing may be started, saying why.
 * @throws {StoppedError} When it is stopped while it waits.
 */
export async function validate(
  source: TasksSource,
  question: GateQuestion,
  invocation: Invocation,
): Promise<Validation> {
  const given = { settings: question.gates, only: question.tasks };
  if (!question.validate || question.isAsked) {
    const settings = await loadSettings(folderOf(source), given);
    const locks = question.locks ?? question.validate ? patienceOf(settings) : undefined;
    if (question.validate) return { isWatched: false, limits: settings, locks };
    // Who asks for nothing but locks wants nothing else of the settings
    if (question.gates === undefined) return { isWatched: false, locks };
    return { isWatched: isWatched(settings, invocation), checkpointEvery: settings.checkpointFrequency, locks };
  }
  const { gates, undeclared, settings } = await openGates(source, given);
  const verdict = gates.ask();
  const level = invocation.level === "quiet" ? "ERROR" : settings.logLevel;
  for (const { text, tone } of verdictLines(verdict, level)) invocation.reporter.line(text, tone);
  if (settings.conflictResolution === "refuse" && hasConflicts(verdict)) {
    throw new GateError('Refused: the gates found conflicts, and conflict_resolution is "refuse"');
  }
  await awaitLocks(undeclared.ask(), { gates: undeclared, settings, stop: invocation.stop });
  return {
    checkpointEvery: settings.checkpointFrequency,
    locks: question.locks === false ? undefined : patienceOf(settings),
    isWatched: isWatched(settings, invocation),
    limits: settings,
    verdict,
  };
}

function patienceOf({ lockTimeoutSeconds, retryDelays }: GateSettings): LockPatience {
  const retryDelaysMs = retryDelays.map((seconds) => Math.max(LEAST_DELAY_MS, 1000 * seconds));
  return { timeoutMs: 1000 * lockTimeoutSeconds, retryDelaysMs };
}

function isWatched({ enableMonitoring, logLevel }: GateSettings, { level }: Invocation): boolean {
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
  const { lockTimeoutSeconds } = settings;
  const { retryDelaysMs } = patienceOf(settings);
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
    const delayMs = retryDelaysMs[Math.min(round, retryDelaysMs.length - 1)];
    await delay(Math.min(delayMs, leftMs), { signal: stop.aborted });
    verdict = gates.ask();
  }
}
