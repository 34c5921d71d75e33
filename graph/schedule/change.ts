/**
 * Owns the rules for a change of what tasks read while they are being done.
 *
 * Whoever waits for its turn will see the change by itself. A task that is looked at, queued or running begins anew, with
 * none of its attempts spent. One that has ended stays as it is: its dependents may be running on its artifact, and a
 * running task is not ended for what may turn out to change nothing for it. So another run is needed, and what would only
 * be begun for that one to do again is left to it.
 *
 * @module
 */
import type { Effect } from "./event.ts";
import { stopLocking, unlock } from "./holdings.ts";
import { check, letGo, recheckDuplicates, skip } from "./moves.ts";
import { Mark, Phase, type Schedule } from "./state.ts";

/** Takes note of what has changed. */
export function changed(
  schedule: Schedule,
  { edited, reshaped }: { readonly edited: readonly number[]; readonly reshaped: readonly number[] },
  effects: Effect[],
): void {
  // A run that ends early makes up for nothing.
  if (schedule.stopping) {
    schedule.isOutdated = true;
    return;
  }
  for (const task of reshaped) leave(schedule, task, effects);
  for (const task of edited) lookAgain(schedule, task, effects);
}

/**
 * A worker has given the task back: answers whether it matters no more how it went, since it was begun on what has changed
 * and begins anew, or is others' by now.
 */
export function takeBack(
  schedule: Schedule,
  { worker, task }: { readonly worker: number; readonly task: number },
  effects: Effect[],
): boolean {
  if (schedule.marks[task] === Mark.Withdrawn) {
    unlock(schedule, task, effects);
    letGo(schedule, task, effects, worker);
    recheckDuplicates(schedule, task, effects);
    return true;
  }
  if (schedule.marks[task] !== Mark.Again) return false;
  if (schedule.stopping) {
    schedule.isOutdated = true;
    return false;
  }
  effects.push({ kind: "redo", task, worker });
  unlock(schedule, task, effects);
  recheckDuplicates(schedule, task, effects);
  check(schedule, task, effects);
  return true;
}

function lookAgain(schedule: Schedule, task: number, effects: Effect[]): void {
  const phase: Phase = schedule.phase[task];
  if (phase === Phase.Completed || phase === Phase.Failed) return leave(schedule, task, effects);
  const isBegun = phase === Phase.Checking || phase >= Phase.Queued;
  if (!isBegun || phase === Phase.Skipped || schedule.marks[task] !== Mark.None) return;
  if (phase === Phase.Locking || phase === Phase.Barred) {
    stopLocking(schedule, task, effects);
    recheckDuplicates(schedule, task, effects);
    return check(schedule, task, effects);
  }
  schedule.marks[task] = Mark.Again;
  if (phase === Phase.Running) cancel(schedule, task, effects);
}

/** Leaves a task to another run, unless it has ended, and with it all that needs it and has not begun. */
function leave(schedule: Schedule, task: number, effects: Effect[]): void {
  if (schedule.phase[task] === Phase.Skipped) return;
  schedule.isOutdated = true;
  if (schedule.phase[task] === Phase.Running) {
    if (schedule.marks[task] === Mark.None) cancel(schedule, task, effects);
    schedule.marks[task] = Mark.Leave;
  } else {
    leaveUnbegun(schedule, task, effects);
  }
  const { dependentStart, dependents } = schedule.plan;
  const seen = new Set([task]);
  for (const at of seen) { // a set grows while it is walked
    for (let i = dependentStart[at]; i < dependentStart[at + 1]; i++) {
      seen.add(dependents[i]);
      leaveUnbegun(schedule, dependents[i], effects);
    }
  }
}

function leaveUnbegun(schedule: Schedule, task: number, effects: Effect[]): void {
  const phase: Phase = schedule.phase[task];
  if (phase === Phase.Checking) schedule.marks[task] = Mark.Leave;
  else if (phase < Phase.Running) {
    if (phase === Phase.Locking || phase === Phase.Barred) stopLocking(schedule, task, effects);
    skip(schedule, task, effects);
    recheckDuplicates(schedule, task, effects);
  }
}

function cancel(schedule: Schedule, task: number, effects: Effect[]): void {
  effects.push({ kind: "cancel", worker: schedule.taskOf.indexOf(task), signal: "SIGTERM" });
}
