/**
 * Owns the state of one run as the rules of scheduling see it: a phase a task, and queues that are only shortcuts to it.
 * It decides nothing; schedule.ts does. Mutable typed arrays rather than copies, because a run has up to 100 000 tasks
 * and several events each.
 *
 * @module
 */
import { Admission, type Needs } from "./admission.ts";
import type { Status } from "./event.ts";
import { Heap } from "../heap.ts";

/** Finer than the status table's words; all but the last four are `pending` there. Those before `Running` may be skipped. */
export enum Phase {
  /** A dependency is not completed yet; in a crew, the run has no claim on it. */
  Waiting,
  /** Its dependencies are completed; whether it must be done is not known. */
  Ready,
  /** Somebody is finding out whether it must be done. */
  Checking,
  /** Equal work is in flight; its result will be looked at when that is settled. */
  Duplicate,
  /** The task must be done, and no worker has it. */
  Queued,
  /** The task failed, and is to be tried again later. */
  Delayed,
  /** Its turn has come, a worker is kept for it, and what it declares is being locked. */
  Locking,
  /** Others have locked what it declares; no worker is kept for it. */
  Barred,
  /** A worker has it. */
  Running,
  Completed,
  Failed,
  Skipped,
}

const STATUS_OF_PHASE: readonly Status[] = [
  "pending",
  "pending",
  "pending",
  "pending",
  "pending",
  "pending",
  "pending",
  "pending",
  "running",
  "completed",
  "failed",
  "skipped",
];

/** Every legal change: from a phase to the phases that may follow it. */
const LEGAL: readonly (readonly Phase[])[] = [
  /* Waiting   */ [Phase.Ready, Phase.Skipped],
  /* Ready     */ [Phase.Checking, Phase.Skipped],
  /* Checking  */ [Phase.Checking, Phase.Queued, Phase.Duplicate, Phase.Completed, Phase.Failed, Phase.Skipped],
  /* Duplicate */ [Phase.Checking, Phase.Skipped],
  /* Queued    */ [Phase.Running, Phase.Locking, Phase.Checking, Phase.Skipped],
  /* Delayed   */ [Phase.Queued, Phase.Skipped],
  /* Locking   */ [Phase.Running, Phase.Barred, Phase.Checking, Phase.Failed, Phase.Skipped],
  /* Barred    */ [Phase.Running, Phase.Queued, Phase.Checking, Phase.Failed, Phase.Skipped],
  /* Running   */ [Phase.Queued, Phase.Delayed, Phase.Checking, Phase.Completed, Phase.Failed, Phase.Skipped],
  /* Completed */ [],
  /* Failed    */ [],
  /* Skipped   */ [],
];

/** Whether the run has yet to end the task, once it has begun with it. */
function isHeld(phase: Phase): boolean {
  return phase > Phase.Waiting && phase < Phase.Completed;
}

/** A claim is given back or lost, and what has ended is claimed again. */
function isLegalInCrew(from: Phase, to: Phase): boolean {
  return to === Phase.Waiting
    ? isHeld(from)
    : to === Phase.Ready && (from === Phase.Completed || from === Phase.Failed);
}

/** What becomes of a task when its turn has come, because what it reads has changed. */
export enum Mark {
  None,
  /** The task is looked at again. */
  Again,
  /** The task is left to another run. */
  Leave,
  /** The task is others' by now. */
  Withdrawn,
}

/** The part of a plan that the rules need. */
export interface Schedulable {
  readonly size: number;
  /** Compressed adjacency: the dependents of task t are `dependents[dependentStart[t] … dependentStart[t + 1])`. */
  readonly dependencyStart: Int32Array;
  readonly dependentStart: Int32Array;
  readonly dependents: Int32Array;
  /** Tasks from most to least urgent. */
  readonly order: Int32Array;
  /** So many of them, from the first on, are looked at before any other as far as can be; default none. */
  readonly urgent?: number;
  /** Further attempts each task has after a failed one. */
  readonly retries: Int32Array;
  /** How long each task is expected to take, in milliseconds; absent when that is not known of any. */
  readonly weights?: ArrayLike<number>;
  /** What tasks need of things that are limited; absent when no task needs any. */
  readonly needs?: Needs;
}

/** Choices for one run. */
export interface ScheduleOptions {
  /** Number of workers, at least 1. */
  readonly workers: number;
  /** After the first failed task start nothing more; what runs is let finish. Default: go on with all that can. */
  readonly failFast?: boolean;
  /** By task, not 0 for one that locks something for as long as it runs; default none does. */
  readonly locks?: Uint8Array;
  /** Each task comes when it is `offered`, perhaps again, whatever it depends on; default once what it needs is completed. */
  readonly inCrew?: boolean;
}

/** The state of one run; made by {@linkcode createSchedule}, changed only by {@linkcode step}. */
export class Schedule {
  readonly phase: Uint8Array;
  readonly unmet: Int32Array;
  readonly attempts: Int32Array;
  readonly rank: Int32Array;
  /** Ranks of tasks whose turn to be checked has come. */
  readonly ready = new Heap();
  /** Ranks of tasks for the next idle worker, but for those that wait for something limited. */
  readonly queue = new Heap();
  readonly admission: Admission | undefined;
  /** Tasks that are queued in order to copy an artifact rather than to make one. */
  readonly restoring: Uint8Array;
  /** Ids of workers with nothing to do, and the same as marks. */
  readonly idle = new Heap();
  readonly isIdle: Uint8Array;
  /** Worker id → the task it has, or -1. */
  readonly taskOf: Int32Array;
  /** Task whose locks are being asked for → the worker that is kept for it. */
  readonly lockingOn = new Map<number, number>();
  /** Tasks whose locks are held. */
  readonly isLocked: Uint8Array;
  /** Fingerprint of the work in flight → the task that does it. */
  readonly leaders = new Map<string, number>();
  readonly fingerprints: (string | undefined)[];
  /** Leader → the tasks that wait for its result. */
  readonly duplicates = new Map<number, number[]>();
  readonly marks: Uint8Array;
  /** Something has changed that this run does not make up for: another one is needed. */
  isOutdated = false;
  checking = 0;
  checkingUrgent = 0;
  running = 0;
  /** Tasks that were begun with and have not ended. */
  held = 0;
  /** How many of them are barred. */
  barred = 0;
  /** In a crew: how many claims the run wants, as it was last told. */
  claimsWanted = 0;
  /** In a crew: a claim has ended since. */
  hasEnded = false;
  /** How many tasks may run at once beside what workers there are; one always may. */
  most = Infinity;
  settled = 0;
  workersWanted = false;
  stopping = false;
  interrupts = 0;
  finished = false;

  constructor(readonly plan: Schedulable, readonly options: ScheduleOptions) {
    const { size, dependencyStart, order } = plan;
    this.phase = new Uint8Array(size);
    this.unmet = new Int32Array(size);
    this.attempts = new Int32Array(size);
    this.restoring = new Uint8Array(size);
    this.marks = new Uint8Array(size);
    this.rank = new Int32Array(size);
    this.fingerprints = new Array(size);
    for (let task = 0; task < size; task++) {
      this.unmet[task] = dependencyStart[task + 1] - dependencyStart[task];
      this.rank[order[task]] = task;
    }
    this.admission = plan.needs && new Admission(plan.needs);
    this.taskOf = new Int32Array(options.workers + 1).fill(-1);
    this.isIdle = new Uint8Array(options.workers + 1);
    this.isLocked = new Uint8Array(size);
  }

  /** The word for a task that the status table shows. */
  status(task: number): Status {
    return STATUS_OF_PHASE[this.phase[task]];
  }

  /** Enters a worker among those with nothing to do. */
  setIdle(worker: number): void {
    if (this.isIdle[worker]) return;
    this.isIdle[worker] = 1;
    this.idle.push(worker);
  }

  /** Takes out the idle worker with the lowest id. */
  takeIdle(): number {
    const worker = this.idle.pop()!;
    this.isIdle[worker] = 0;
    return worker;
  }

  /** The one place a phase changes. */
  move(task: number, to: Phase): void {
    const from: Phase = this.phase[task];
    if (!LEGAL[from].includes(to) && !(this.options.inCrew && isLegalInCrew(from, to))) {
      throw new Error(`Bug: task ${task} cannot go from ${Phase[from]} to ${Phase[to]}`);
    }
    this.phase[task] = to;
    this.held += Number(isHeld(to)) - Number(isHeld(from));
    this.barred += Number(to === Phase.Barred) - Number(from === Phase.Barred);
  }
}
