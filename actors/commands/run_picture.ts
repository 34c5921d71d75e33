/**
 * Owns the reading of one recorded run as a picture: the rows of the history, put in the words that pictures have.
 *
 * @module
 */
import { type PicturedAttempt, type PicturedTask, type RunPicture } from "../../graph/picture/run_picture.ts";
import type { Standing } from "../../graph/picture/standing.ts";
import type { PictureView, StoredTask, StoredTry } from "../history/pictures.ts";
import type { RunRecord } from "../history/records.ts";
import { statusOf } from "./recorded_run.ts";

/** The picture of a run. */
export function readPicture(view: PictureView, run: RunRecord): RunPicture {
  const stored = view.tasks(run.id), tries = view.attempts(run.id);
  const indexes = new Map(stored.map(({ name }, task) => [name, task]));
  const last = new Map<string, StoredTry>();
  for (const attempt of tries) last.set(attempt.task, attempt);
  const attempts = tries.flatMap((attempt): PicturedAttempt[] => {
    const task = indexes.get(attempt.task);
    const { cpu_us: cpuUs, max_rss_kb: memory } = attempt;
    return task === undefined ? [] : [{ ...attempt, task, cpuUs, memory }];
  });
  const startedUs = Math.min(run.startedAt * 1e6, attempts[0]?.startedUs ?? Infinity);
  return {
    run: {
      id: run.id,
      kind: run.kind,
      source: run.source,
      startedUs: preciseStart(run, attempts, startedUs),
      endedUs: run.finishedAt === null ? null : endOf(run, attempts),
      state: run.state,
      asked: run.asked,
    },
    tasks: stored.map((task): PicturedTask => ({
      name: task.name,
      command: task.command,
      dependencies: task.dependencies,
      standing: standingOf(task, run, last.get(task.name)),
      attempts: task.attempts,
      maxAttempts: 1 + task.retries,
      startedUs: beginOf(task, last),
      exitCode: task.exitCode,
      signal: task.signal,
      error: task.error,
    })),
    attempts,
  };
}

/** When a task was begun is stored in whole seconds until it has ended; but not before what it needs had. */
function beginOf({ startedAt, dependencies }: StoredTask, last: ReadonlyMap<string, StoredTry>): number | null {
  if (startedAt === null) return null;
  return dependencies.reduce((us, name) => Math.max(us, last.get(name)?.endedUs ?? 0), startedAt * 1e6);
}

/** What passed without an attempt was right already. */
function standingOf(task: StoredTask, run: RunRecord, last: StoredTry | undefined): Standing {
  const status = statusOf(task, run);
  if (status !== "passed" || run.kind !== "build") return status;
  const how = last?.how ?? "fresh";
  return how === "executed" ? "passed" : how;
}

/**
 * The start of a run is stored in whole seconds, its duration and its attempts more precisely: so up to a second before the
 * first attempt would stand empty. It began no later than that attempt, and no earlier than its end less its duration.
 */
function preciseStart(run: RunRecord, attempts: readonly PicturedAttempt[], startedUs: number): number {
  if (attempts.length === 0) return startedUs;
  if (run.durationMs === null) return attempts[0].startedUs;
  const endUs = attempts.reduce((end, { endedUs }) => Math.max(end, endedUs), 0);
  return Math.min(attempts[0].startedUs, Math.max(startedUs, endUs - run.durationMs * 1000));
}

function endOf(run: RunRecord, attempts: readonly PicturedAttempt[]): number {
  const endUs = attempts.reduce((end, { endedUs }) => Math.max(end, endedUs), 0);
  return endUs === 0 ? (run.finishedAt ?? run.startedAt) * 1e6 : endUs;
}
