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
 *     └──► skipped (a dependency       twin: equal work is in flight
 *          failed, or the run stops)
 * ```
 *
 * @module
 */
import type { CompletedBy, Effect, Event, Verdict } from "./event.ts";
import { Phase, type Schedulable, Schedule, type ScheduleOptions } from "./schedule_state.ts";
import { unreachable } from "./task.ts";

/** A schedule in which everything is still to be done. */
export function createSchedule(plan: Schedulable, options: ScheduleOptions): Schedule {
  return new Schedule(plan, options);
}

/** Takes one event and answers with what is to be done about it, in order. */
export function step(schedule: Schedule, event: Event): Effect[] {
  const effects: Effect[] = [];
  switch (event.kind) {
    case "begun":
      for (let task = 0; task < schedule.plan.size; task++) {
        if (schedule.unmet[task] === 0) makeReady(schedule, task);
      }
      break;
    case "checked":
      checked(schedule, event, effects);
      break;
    case "workerReady":
      schedule.setIdle(event.worker);
      break;
    case "completed":
      release(schedule, event.worker, event.task);
      effects.push({ kind: "record", task: event.task });
      complete(schedule, event.task, schedule.restoring[event.task] ? "restored" : "executed", effects, event.worker);
      break;
    case "failed":
      release(schedule, event.worker, event.task);
      failed(schedule, event, effects);
      break;
    case "due":
      due(schedule, event.task);
      break;
    case "unrestorable":
      release(schedule, event.worker, event.task);
      effects.push({ kind: "retry", task: event.task, worker: event.worker, attempt: 0 });
      check(schedule, event.task, effects);
      break;
    case "crashed":
      crashed(schedule, event.worker, effects);
      break;
    case "limited":
      schedule.most = event.room > 0 ? schedule.running + event.room : 0;
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

function checked(schedule: Schedule, event: { task: number; verdict: Verdict }, effects: Effect[]): void {
  const { task, verdict } = event;
  schedule.checking--;
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
      schedule.move(task, Phase.Twin);
      const twins = schedule.twins.get(leader);
      if (twins === undefined) schedule.twins.set(leader, [task]);
      else twins.push(task);
      return;
    }
    // A copy is not equal work: several tasks may copy one artifact at once.
    if (verdict.kind === "run") schedule.leaders.set(fingerprint, task);
    schedule.fingerprints[task] = fingerprint;
  }
  schedule.restoring[task] = verdict.kind === "restore" ? 1 : 0;
  schedule.move(task, Phase.Queued);
  schedule.queue.push(schedule.rank[task]);
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
  effects.push({ kind: "complete", task, by, worker });
  const { dependentStart, dependents } = schedule.plan;
  for (let i = dependentStart[task]; i < dependentStart[task + 1]; i++) {
    const dependent = dependents[i];
    if (--schedule.unmet[dependent] === 0 && schedule.phase[dependent] === Phase.Waiting) {
      makeReady(schedule, dependent);
    }
  }
  recheckTwins(schedule, task, effects);
}

function failed(
  schedule: Schedule,
  event: { worker: number; task: number; retriable: boolean; isDelayed?: boolean },
  effects: Effect[],
): void {
  const { task, worker } = event;
  const attempt = ++schedule.attempts[task];
  if (event.retriable && !schedule.stopping && attempt <= schedule.plan.retries[task]) {
    schedule.move(task, event.isDelayed ? Phase.Delayed : Phase.Queued);
    effects.push({ kind: "retry", task, worker, attempt });
    if (!event.isDelayed) schedule.queue.push(schedule.rank[task]);
    return;
  }
  fail(schedule, task, effects, worker);
}

/** Skipped meanwhile, it is due no more. */
function due(schedule: Schedule, task: number): void {
  if (schedule.phase[task] !== Phase.Delayed) return;
  schedule.move(task, Phase.Queued);
  schedule.queue.push(schedule.rank[task]);
}

function fail(schedule: Schedule, task: number, effects: Effect[], worker: number | null): void {
  schedule.move(task, Phase.Failed);
  schedule.settled++;
  effects.push({ kind: "fail", task, worker });
  skipDependents(schedule, task, effects);
  if (schedule.options.failFast) stop(schedule, effects);
  recheckTwins(schedule, task, effects);
}

/** Skips all that needs the task, directly or not. Each is still waiting, so each is met once in a whole run. */
function skipDependents(schedule: Schedule, task: number, effects: Effect[]): void {
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

function skip(schedule: Schedule, task: number, effects: Effect[]): void {
  schedule.move(task, Phase.Skipped);
  schedule.settled++;
  effects.push({ kind: "skip", task });
}

/** Those that waited for the task's result look again: at its artifact or, had it failed, for who is to try next. */
function recheckTwins(schedule: Schedule, leader: number, effects: Effect[]): void {
  const fingerprint = schedule.fingerprints[leader];
  if (fingerprint !== undefined && schedule.leaders.get(fingerprint) === leader) schedule.leaders.delete(fingerprint);
  const twins = schedule.twins.get(leader);
  if (twins === undefined) return;
  schedule.twins.delete(leader);
  for (const twin of twins) {
    if (schedule.phase[twin] === Phase.Twin) check(schedule, twin, effects);
  }
}

function crashed(schedule: Schedule, worker: number, effects: Effect[]): void {
  const task = schedule.taskOf[worker];
  if (task < 0) return;
  giveBack(schedule, worker, task);
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
    if (phase < Phase.Running && phase !== Phase.Checking) skip(schedule, task, effects);
  }
}

function makeReady(schedule: Schedule, task: number): void {
  schedule.move(task, Phase.Ready);
  schedule.ready.push(schedule.rank[task]);
}

function check(schedule: Schedule, task: number, effects: Effect[]): void {
  schedule.move(task, Phase.Checking);
  schedule.checking++;
  effects.push({ kind: "check", task });
}

/** Takes the task back from its worker, who is idle again. */
function release(schedule: Schedule, worker: number, task: number): void {
  if (schedule.taskOf[worker] !== task) throw new Error(`Bug: worker ${worker} does not have task ${task}`);
  giveBack(schedule, worker, task);
  schedule.setIdle(worker);
}

/** The worker has the task no more, and the task nothing of what it held. */
function giveBack(schedule: Schedule, worker: number, task: number): void {
  schedule.taskOf[worker] = -1;
  schedule.running--;
  for (const rank of schedule.admission?.release(task, schedule.plan.order) ?? []) schedule.queue.push(rank);
}

/** Gives work to idle workers, looks ahead just far enough to keep them busy, and notices the end. */
function advance(schedule: Schedule, effects: Effect[]): void {
  const { plan, queue, ready, idle, options } = schedule;
  if (schedule.stopping) {
    if (schedule.running === 0 && schedule.checking === 0) finish(schedule, effects);
    return;
  }
  if (queue.size > 0 && !schedule.workersWanted) {
    schedule.workersWanted = true;
    effects.push({ kind: "startWorkers" });
  }
  while (queue.size > 0 && idle.size > 0 && (schedule.running < schedule.most || schedule.running === 0)) {
    const rank = queue.pop()!;
    const task = plan.order[rank];
    const turnedAway = schedule.admission?.admit(rank, plan.order);
    if (turnedAway !== undefined) {
      for (const woken of turnedAway) queue.push(woken);
      continue;
    }
    const worker = schedule.takeIdle();
    schedule.move(task, Phase.Running);
    schedule.taskOf[worker] = task;
    schedule.running++;
    effects.push({ kind: "run", task, worker, restore: schedule.restoring[task] === 1 });
  }
  // Checking reads files: no further ahead than the workers can soon use, or a cold start would hash everything first.
  while (ready.size > 0 && schedule.checking + queue.size < options.workers) {
    check(schedule, plan.order[ready.pop()!], effects);
  }
  if (schedule.settled === plan.size) finish(schedule, effects);
}

function finish(schedule: Schedule, effects: Effect[]): void {
  if (schedule.finished) return;
  schedule.finished = true;
  effects.push({ kind: "finish" });
}
