/**
 * Owns the rules for tasks that are shared with other processes: they come one by one as they are claimed, whatever they
 * depend on, they may come again, and they may be taken away. Who may claim what is the crew's database's to decide.
 *
 * A task that ended, or that the run lets go, is in the state of one that it never had.
 *
 * @module
 */
import type { Effect } from "./event.ts";
import { stopLocking } from "./holdings.ts";
import { letGo, makeReady, recheckDuplicates } from "./moves.ts";
import { Mark, Phase, type Schedule } from "./state.ts";

/** A run wants no more claims than this on tasks that wait for locks, beside those for which it has workers. */
const MOST_BARRED = 16;

/** The run has claimed these. */
export function offered(schedule: Schedule, tasks: readonly number[], effects: Effect[]): void {
  for (const task of tasks) {
    makeReady(schedule, task);
    if (schedule.stopping) letGo(schedule, task, effects);
  }
}

/** Others have these now. What is asked about, or runs, is let go when the answer or the worker is there. */
export function withdrawn(schedule: Schedule, tasks: readonly number[], effects: Effect[]): void {
  for (const task of tasks) {
    const phase: Phase = schedule.phase[task];
    if (phase === Phase.Checking || phase === Phase.Running) {
      schedule.marks[task] = Mark.Withdrawn;
      if (phase === Phase.Running) {
        effects.push({ kind: "cancel", worker: schedule.taskOf.indexOf(task), signal: "SIGKILL" });
      }
    } else if (phase > Phase.Waiting && phase < Phase.Running) {
      if (phase === Phase.Locking || phase === Phase.Barred) stopLocking(schedule, task, effects);
      letGo(schedule, task, effects);
      recheckDuplicates(schedule, task, effects);
    }
  }
}

/** Says how many claims are wanted, if that is news, or if some have ended. */
export function tellWanted(schedule: Schedule, effects: Effect[]): void {
  const upTo = claimsWanted(schedule);
  if (upTo === schedule.claimsWanted && !schedule.hasEnded) return;
  schedule.claimsWanted = upTo;
  schedule.hasEnded = false;
  effects.push({ kind: "claim", upTo });
}

/** No more than can soon run, so that nothing is kept from others by one that is busy. */
function claimsWanted({ stopping, options, most, barred }: Schedule): number {
  return stopping ? 0 : Math.max(1, Math.min(options.workers, most)) + Math.min(barred, MOST_BARRED);
}
