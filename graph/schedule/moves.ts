/**
 * Owns the moves from phase to phase that several rules of scheduling have in common. It decides none; schedule.ts and
 * change.ts do.
 *
 * @module
 */
import type { Effect } from "./event.ts";
import { Mark, Phase, type Schedule } from "./state.ts";

/** Skips all that needs the task, directly or not. Each is still waiting, so each is met once in a whole run. */
export function skipDependents(schedule: Schedule, task: number, effects: Effect[]): void {
  const { dependentStart, dependents } = schedule.plan;
  const stack = [task];
  while (stack.length > 0) {
    const at = stack.pop()!;
    for (let i = dependentStart[at]; i < dependentStart[at + 1]; i++) {
      const dependent = dependents[i];
      if (schedule.phase[dependent] !== Phase.Waiting) continue;
      skip(schedule, dependent, effects);
      stack.push(dependent);
    }
  }
}

/** The task is not done in this run; `worker` had begun it. In a crew it is left to others. */
export function skip(schedule: Schedule, task: number, effects: Effect[], worker?: number): void {
  if (schedule.options.inCrew) return letGo(schedule, task, effects, worker);
  schedule.move(task, Phase.Skipped);
  schedule.settled++;
  effects.push(worker === undefined ? { kind: "skip", task } : { kind: "skip", task, worker });
}

/** In a crew: the run does not have the task any more; what it never had stays as it is. */
export function letGo(schedule: Schedule, task: number, effects: Effect[], worker?: number): void {
  if (schedule.phase[task] === Phase.Waiting) return;
  schedule.move(task, Phase.Waiting);
  schedule.hasEnded = true;
  effects.push(worker === undefined ? { kind: "release", task } : { kind: "release", task, worker });
}

/** Tasks that waited for the task's result look again: at its artifact or, had it failed, for who is to try next. */
export function recheckDuplicates(schedule: Schedule, leader: number, effects: Effect[]): void {
  const fingerprint = schedule.fingerprints[leader];
  if (fingerprint !== undefined && schedule.leaders.get(fingerprint) === leader) schedule.leaders.delete(fingerprint);
  const duplicates = schedule.duplicates.get(leader);
  if (duplicates === undefined) return;
  schedule.duplicates.delete(leader);
  for (const duplicate of duplicates) {
    if (schedule.phase[duplicate] === Phase.Duplicate) check(schedule, duplicate, effects);
  }
}

/** The task's dependencies are completed. */
export function makeReady(schedule: Schedule, task: number): void {
  schedule.move(task, Phase.Ready);
  schedule.ready.push(schedule.rank[task]);
}

/** The task waits for a worker. */
export function enqueue(schedule: Schedule, task: number): void {
  schedule.move(task, Phase.Queued);
  schedule.queue.push(schedule.rank[task]);
}

/** Has it found out whether a task must be done, by all that is known of files now. */
export function check(schedule: Schedule, task: number, effects: Effect[]): void {
  schedule.marks[task] = Mark.None;
  schedule.move(task, Phase.Checking);
  schedule.checking++;
  if (isUrgent(schedule, task)) schedule.checkingUrgent++;
  effects.push({ kind: "check", task });
}

/** Whether the task's turn to be looked at comes before that of all others. */
export function isUrgent({ plan, rank }: Schedule, task: number): boolean {
  return rank[task] < (plan.urgent ?? 0);
}
