/**
 * Owns what a task holds while it runs: a worker, what it needs of limited things, and the locks of what it declares, from
 * its turn to its end. How the task ends, and whose turn comes next, is schedule.ts's.
 *
 * What a task locks is locked once a worker is kept for it. While others have it, the task is barred and keeps nothing. A
 * lock is held only by what runs, so nobody waits for one that is not used.
 *
 * @module
 */
import type { Effect } from "./event.ts";
import { enqueue } from "./moves.ts";
import { Phase, type Schedule } from "./state.ts";

/** How many more tasks may be running: one at least where none is, or a limit that is always exceeded would stop all. */
export function roomIn({ running, most }: Schedule): number {
  return Math.max(most - running, running === 0 ? 1 : 0);
}

/** Takes the task back from its worker, who is idle again. */
export function release(schedule: Schedule, worker: number, task: number): void {
  if (schedule.taskOf[worker] !== task) throw new Error(`Bug: worker ${worker} does not have task ${task}`);
  giveBack(schedule, worker, task);
  schedule.setIdle(worker);
}

/** The worker has the task no more, and the task nothing of what it needs of limited things. */
export function giveBack(schedule: Schedule, worker: number, task: number): void {
  schedule.taskOf[worker] = -1;
  schedule.running--;
  freeNeeds(schedule, task);
}

function freeNeeds(schedule: Schedule, task: number): void {
  for (const rank of schedule.admission?.release(task, schedule.plan.order) ?? []) schedule.queue.push(rank);
}

/** The turn of a task that wants nothing any more is that of those who wait for the same. */
export function wakeInstead(schedule: Schedule, task: number): void {
  for (const rank of schedule.admission?.instead(task, schedule.plan.order) ?? []) schedule.queue.push(rank);
}

/** What it has locked is locked no more. */
export function unlock(schedule: Schedule, task: number, effects: Effect[]): void {
  if (schedule.isLocked[task] === 0) return;
  schedule.isLocked[task] = 0;
  effects.push({ kind: "unlock", task });
}

/** Takes back the worker that is kept for a task, and what the task needs; false when none is. */
export function unreserve(schedule: Schedule, task: number): boolean {
  const worker = schedule.lockingOn.get(task);
  if (worker === undefined) return false;
  schedule.lockingOn.delete(task);
  schedule.running--;
  schedule.setIdle(worker);
  freeNeeds(schedule, task);
  return true;
}

/** What the task declares is asked for no more. */
export function stopLocking(schedule: Schedule, task: number, effects: Effect[]): void {
  effects.push({ kind: "unlock", task });
  unreserve(schedule, task);
}

/**
 * Starts the task whose locks are there. One that has waited for them may find no worker now, or something lacking: then
 * it gives the locks back, so that nobody waits for what is not used, and asks again when its turn comes.
 */
export function locked(schedule: Schedule, task: number, effects: Effect[]): void {
  const kept = schedule.lockingOn.get(task);
  const isWaiting = schedule.phase[task] === Phase.Barred;
  if (kept === undefined && !isWaiting) return; // skipped meanwhile, and told so
  if (kept !== undefined) {
    schedule.lockingOn.delete(task);
    schedule.running--;
  } else if (schedule.idle.size === 0 || roomIn(schedule) === 0) {
    effects.push({ kind: "unlock", task });
    enqueue(schedule, task);
    return;
  } else if (!admit(schedule, task)) {
    effects.push({ kind: "unlock", task });
    schedule.move(task, Phase.Queued);
    return;
  }
  schedule.isLocked[task] = 1;
  run(schedule, task, { worker: kept ?? schedule.takeIdle(), effects });
}

/** Takes what the task needs of limited things, or has it wait for what is lacking. */
export function admit(schedule: Schedule, task: number): boolean {
  const turnedAway = schedule.admission?.admit(schedule.rank[task], schedule.plan.order);
  for (const woken of turnedAway ?? []) schedule.queue.push(woken);
  return turnedAway === undefined;
}

/** Gives a task that has all it needs to a worker, or has its locks asked for while the worker is kept. */
export function start(schedule: Schedule, task: number, effects: Effect[]): void {
  const worker = schedule.takeIdle();
  // A copy is troupe's own doing, and touches nothing but its artifact.
  if (schedule.restoring[task] === 1 || !schedule.options.locks?.[task]) {
    return run(schedule, task, { worker, effects });
  }
  schedule.move(task, Phase.Locking);
  schedule.lockingOn.set(task, worker);
  schedule.running++;
  effects.push({ kind: "lock", task });
}

function run(
  schedule: Schedule,
  task: number,
  { worker, effects }: { readonly worker: number; readonly effects: Effect[] },
): void {
  schedule.move(task, Phase.Running);
  schedule.taskOf[worker] = task;
  schedule.running++;
  effects.push({ kind: "run", task, worker, restore: schedule.restoring[task] === 1 });
}
