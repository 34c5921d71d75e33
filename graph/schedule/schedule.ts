/**
 * Owns the rules of scheduling: one state word a task, one function that changes it, `step`.
 * It never starts, reads, prints or times anything: it is told events and answers with effects, the same ones for the
 * same history, so every rule is tested without a thread.
 *
 * ```text
 *           deps done        asked       must be done       given to a worker
 *  waiting ──────────► ready ────► checking ────► queued ──────────────► running ──► completed
 *     │                              │  │ ▲         ▲                      │ │
 *     │                    is right  │  │ │ leader  └──── tried again ─────┘ └─────► failed
 *     │                  completed ◄─┘  ▼ │ settled      (delayed first, if so told)
 *     └──► skipped (a dependency       duplicate: equal work is in flight
 *          failed, or the run stops: then also from running, when it was cancelled)
 *
 *  what a task reads has changed: from checking to running it goes back to checking (see change.ts)
 * ```
 *
 * Between `queued` and `running` a task's locks are taken, if it has any; see holdings.ts. In a crew a task comes by a
 * claim, and from anywhere it goes back to `waiting` when that is given back or lost; see claims.ts.
 *
 * @module
 */
import type { CompletedBy, Decision, Effect, Event } from "./event.ts";
import { changed, takeBack } from "./change.ts";
import { offered, tellWanted, withdrawn } from "./claims.ts";
import { admit, giveBack, locked, release, roomIn, start, unlock, unreserve, wakeInstead } from "./holdings.ts";
import { check, enqueue, isUrgent, makeReady, recheckDuplicates, skip, skipDependents } from "./moves.ts";
import { Mark, Phase, type Schedulable, Schedule, type ScheduleOptions } from "./state.ts";
import { unreachable } from "../task.ts";

/** A schedule in which everything is still to be done. */
export function createSchedule(plan: Schedulable, options: ScheduleOptions): Schedule {
  return new Schedule(plan, options);
}

/** Takes one event and answers with what is to be done about it, in order. */
export function step(schedule: Schedule, event: Event): Effect[] {
  const effects: Effect[] = [];
  const { options } = schedule;
  switch (event.kind) {
    case "begun":
      for (let task = 0; task < schedule.plan.size && !options.inCrew; task++) {
        if (schedule.unmet[task] === 0) makeReady(schedule, task);
      }
      break;
    case "checked":
      checked(schedule, event, effects);
      break;
    case "workerReady":
      if (!schedule.lockingOn.values().some((worker) => worker === event.worker)) schedule.setIdle(event.worker);
      break;
    case "completed":
      release(schedule, event.worker, event.task);
      if (takeBack(schedule, event, effects)) break;
      effects.push({ kind: "record", task: event.task });
      unlock(schedule, event.task, effects);
      complete(schedule, event.task, schedule.restoring[event.task] ? "copied" : "executed", effects, event.worker);
      break;
    case "failed":
      release(schedule, event.worker, event.task);
      if (takeBack(schedule, event, effects)) break;
      unlock(schedule, event.task, effects);
      if (event.isCancelled && (options.inCrew || schedule.stopping || schedule.marks[event.task] === Mark.Leave)) {
        skip(schedule, event.task, effects, event.worker);
        recheckDuplicates(schedule, event.task, effects);
      } else failed(schedule, event, effects);
      break;
    case "due":
      if (schedule.phase[event.task] === Phase.Delayed) enqueue(schedule, event.task); // or it was skipped meanwhile
      break;
    case "unrestorable":
      release(schedule, event.worker, event.task);
      unlock(schedule, event.task, effects);
      effects.push({ kind: "retry", task: event.task, worker: event.worker, attempt: 0 });
      if (isLeft(schedule, event.task)) skip(schedule, event.task, effects);
      else check(schedule, event.task, effects);
      break;
    case "crashed":
      crashed(schedule, event.worker, effects);
      break;
    case "locked":
      locked(schedule, event.task, effects);
      break;
    case "barred":
      if (!unreserve(schedule, event.task)) break;
      schedule.move(event.task, Phase.Barred);
      break;
    case "unbarred":
      if (schedule.phase[event.task] === Phase.Barred) enqueue(schedule, event.task);
      break;
    case "unlockable":
      if (!unreserve(schedule, event.task) && schedule.phase[event.task] !== Phase.Barred) break;
      fail(schedule, event.task, effects, null);
      break;
    case "limited":
      schedule.most = event.room > 0 ? schedule.running + event.room : 0;
      break;
    case "changed":
      changed(schedule, event, effects);
      break;
    case "offered":
      offered(schedule, event.tasks, effects);
      break;
    case "withdrawn":
      withdrawn(schedule, event.tasks, effects);
      break;
    case "stopped":
      stop(schedule, effects);
      break;
    case "interrupted":
      interrupted(schedule, effects);
      break;
    default:
      unreachable(event);
  }
  advance(schedule, effects);
  return effects;
}

/** Whether this run has no more to do with the task. */
function isLeft({ marks }: Schedule, task: number): boolean {
  return marks[task] === Mark.Leave || marks[task] === Mark.Withdrawn;
}

function checked(schedule: Schedule, event: { task: number; verdict: Decision }, effects: Effect[]): void {
  const { task, verdict } = event;
  schedule.checking--;
  if (isUrgent(schedule, task)) schedule.checkingUrgent--;
  if (isLeft(schedule, task)) return skip(schedule, task, effects);
  if (schedule.marks[task] === Mark.Again && !schedule.stopping) return check(schedule, task, effects);
  switch (verdict.kind) {
    case "fresh":
      return complete(schedule, task, "fresh", effects, null);
    case "unreadable":
      return fail(schedule, task, effects, null);
    case "restore":
    case "run":
      break;
    default:
      unreachable(verdict);
  }
  if (schedule.stopping) return skip(schedule, task, effects);
  const { fingerprint } = verdict;
  if (fingerprint !== undefined) {
    const leader = schedule.leaders.get(fingerprint);
    if (leader !== undefined) {
      schedule.move(task, Phase.Duplicate);
      const duplicates = schedule.duplicates.get(leader);
      if (duplicates === undefined) schedule.duplicates.set(leader, [task]);
      else duplicates.push(task);
      return;
    }
    // A copy is not equal work: several tasks may copy one artifact at once.
    if (verdict.kind === "run") schedule.leaders.set(fingerprint, task);
    schedule.fingerprints[task] = fingerprint;
  }
  schedule.restoring[task] = verdict.kind === "restore" ? 1 : 0;
  enqueue(schedule, task);
}

function complete(
  schedule: Schedule,
  task: number,
  by: CompletedBy,
  effects: Effect[],
  worker: number | null,
): void {
  schedule.move(task, Phase.Completed);
  schedule.settled++;
  schedule.hasEnded = true;
  schedule.attempts[task] = 0; // should it be offered again
  effects.push({ kind: "complete", task, by, worker });
  const { dependentStart, dependents } = schedule.plan;
  const isOwnRun = !schedule.options.inCrew;
  for (let i = dependentStart[task]; i < dependentStart[task + 1] && isOwnRun; i++) {
    const dependent = dependents[i];
    if (--schedule.unmet[dependent] === 0 && schedule.phase[dependent] === Phase.Waiting) {
      makeReady(schedule, dependent);
    }
  }
  recheckDuplicates(schedule, task, effects);
}

function failed(
  schedule: Schedule,
  event: { worker: number; task: number; retriable: boolean; isDelayed?: boolean },
  effects: Effect[],
): void {
  const { task, worker } = event;
  const attempt = ++schedule.attempts[task];
  const mayRetry = event.retriable && !schedule.stopping && schedule.marks[task] !== Mark.Leave;
  if (mayRetry && attempt <= schedule.plan.retries[task]) {
    effects.push({ kind: "retry", task, worker, attempt });
    if (event.isDelayed) schedule.move(task, Phase.Delayed);
    else enqueue(schedule, task);
    return;
  }
  fail(schedule, task, effects, worker);
}

function fail(schedule: Schedule, task: number, effects: Effect[], worker: number | null): void {
  schedule.move(task, Phase.Failed);
  schedule.settled++;
  schedule.hasEnded = true;
  effects.push({ kind: "fail", task, worker });
  if (!schedule.options.inCrew) skipDependents(schedule, task, effects);
  if (schedule.options.failFast) stop(schedule, effects);
  recheckDuplicates(schedule, task, effects);
}

function crashed(schedule: Schedule, worker: number, effects: Effect[]): void {
  const task = schedule.taskOf[worker];
  if (task < 0) return;
  giveBack(schedule, worker, task);
  if (takeBack(schedule, { worker, task }, effects)) return;
  unlock(schedule, task, effects);
  failed(schedule, { worker, task, retriable: true }, effects);
}

function interrupted(schedule: Schedule, effects: Effect[]): void {
  schedule.interrupts++;
  stop(schedule, effects);
  const signal = schedule.interrupts > 1 ? "SIGKILL" : "SIGTERM";
  for (let worker = 1; worker < schedule.taskOf.length; worker++) {
    if (schedule.taskOf[worker] >= 0) effects.push({ kind: "cancel", worker, signal });
  }
}

/** Starts nothing more: all that no worker has is skipped, save what is being checked, which its answer settles. */
function stop(schedule: Schedule, effects: Effect[]): void {
  if (schedule.stopping) return;
  schedule.stopping = true;
  for (let task = 0; task < schedule.plan.size; task++) {
    const phase: Phase = schedule.phase[task];
    if (phase === Phase.Locking || phase === Phase.Barred) effects.push({ kind: "unlock", task });
    unreserve(schedule, task);
    if (phase < Phase.Running && phase !== Phase.Checking) skip(schedule, task, effects);
  }
}

/** Goes on with what there is to do, and notices the end. */
function advance(schedule: Schedule, effects: Effect[]): void {
  const { plan, options, stopping } = schedule;
  if (!stopping) handOut(schedule, effects);
  if (options.inCrew) tellWanted(schedule, effects);
  const isOver = stopping
    ? schedule.running === 0 && schedule.checking === 0
    : !options.inCrew && schedule.settled === plan.size;
  if (isOver) finish(schedule, effects);
}

/** Gives work to idle workers, and looks ahead just far enough to keep them busy. */
function handOut(schedule: Schedule, effects: Effect[]): void {
  const { plan, queue, ready, idle, options } = schedule;
  if (queue.size > 0 && !schedule.workersWanted) {
    schedule.workersWanted = true;
    effects.push({ kind: "startWorkers" });
  }
  while (queue.size > 0 && idle.size > 0 && roomIn(schedule) > 0) {
    const task = plan.order[queue.pop()!];
    const hasLeft = schedule.phase[task] !== Phase.Queued;
    if (hasLeft || schedule.marks[task] === Mark.Again) wakeInstead(schedule, task);
    if (hasLeft) continue;
    if (schedule.marks[task] === Mark.Again) {
      recheckDuplicates(schedule, task, effects);
      check(schedule, task, effects);
    } else if (admit(schedule, task)) start(schedule, task, effects);
  }
  // Checking reads files: no further ahead than the workers can soon use, or a cold start would hash everything first.
  while (ready.size > 0 && schedule.checking + queue.size < options.workers) {
    // What an urgent one leads to may be as urgent.
    if (schedule.checkingUrgent > 0 && ready.first! >= (plan.urgent ?? 0)) break;
    const task = plan.order[ready.pop()!];
    if (schedule.phase[task] === Phase.Ready) check(schedule, task, effects);
  }
}

function finish(schedule: Schedule, effects: Effect[]): void {
  if (schedule.finished) return;
  schedule.finished = true;
  effects.push({ kind: "finish" });
}
