/**
 * Owns the state of one run as the rules of scheduling see it: a phase a task, and queues that are only shortcuts to it.
 * It decides nothing; schedule.ts does. Mutable typed arrays rather than copies, because a run has up to 100 000 tasks
 * and several events each.
 *
 * @module
 */
import { Admission, type Needs } from "./admission.ts";
import type { Status } from "./event.ts";
import { Heap } from "./heap.ts";

/** Finer than the status table's words; all but the last four are `pending` there. */
export enum Phase {
  /** A dependency is not completed yet. */
  Waiting,
  /** Its dependencies are completed; whether it must be done is not known. */
  Ready,
  /** Somebody is finding out whether it must be done. */
  Checking,
  /** Equal work is in flight; its result will be looked at when that is settled. */
  Twin,
  /** It must be done, and no worker has it. */
  Queued,
  /** It failed, and is to be tried again later. */
  Delayed,
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
  "running",
  "completed",
  "failed",
  "skipped",
];

/** Every legal change: from a phase to the phases that may follow it. */
const LEGAL: readonly (readonly Phase[])[] = [
  /* Waiting   */ [Phase.Ready, Phase.Skipped],
  /* Ready     */ [Phase.Checking, Phase.Skipped],
  /* Checking  */ [Phase.Queued, Phase.Twin, Phase.Completed, Phase.Failed, Phase.Skipped],
  /* Twin      */ [Phase.Checking, Phase.Skipped],
  /* Queued    */ [Phase.Running, Phase.Skipped],
  /* Delayed   */ [Phase.Queued, Phase.Skipped],
  /* Running   */ [Phase.Queued, Phase.Delayed, Phase.Checking, Phase.Completed, Phase.Failed],
  /* Completed */ [],
  /* Failed    */ [],
  /* Skipped   */ [],
];

/** The part of a plan that the rules need. */
export interface Schedulable {
  readonly size: number;
  /** Compressed adjacency: the dependents of task t are `dependents[dependentStart[t] … dependentStart[t + 1])`. */
  readonly dependencyStart: Int32Array;
  readonly dependentStart: Int32Array;
  readonly dependents: Int32Array;
  /** Tasks from most to least urgent. */
  readonly order: Int32Array;
  /** Further attempts each task has after a failed one. */
  readonly retries: Int32Array;
  /** What tasks need of things that are limited; absent when no task needs any. */
  readonly needs?: Needs;
}

/** Choices for one run. */
export interface ScheduleOptions {
  /** Number of workers, at least 1. */
  readonly workers: number;
  /** After the first failed task start nothing more; what runs is let finish. Default: go on with all that can. */
  readonly failFast?: boolean;
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
  /** Fingerprint of the work in flight → the task that does it. */
  readonly leaders = new Map<string, number>();
  readonly fingerprints: (string | undefined)[];
  /** Leader → the tasks that wait for its result. */
  readonly twins = new Map<number, number[]>();
  checking = 0;
  running = 0;
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
    this.rank = new Int32Array(size);
    this.fingerprints = new Array(size);
    for (let task = 0; task < size; task++) {
      this.unmet[task] = dependencyStart[task + 1] - dependencyStart[task];
      this.rank[order[task]] = task;
    }
    this.admission = plan.needs && new Admission(plan.needs);
    this.taskOf = new Int32Array(options.workers + 1).fill(-1);
    this.isIdle = new Uint8Array(options.workers + 1);
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
    if (!LEGAL[from].includes(to)) {
      throw new Error(`Bug: task ${task} cannot go from ${Phase[from]} to ${Phase[to]}`);
    }
    this.phase[task] = to;
  }
}
