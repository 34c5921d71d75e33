/**
 * Owns the pretended world in which tests play runs of the schedule: checks are answered at once, workers are ready when
 * wanted, and the test ends tasks by name.
 *
 * @module
 */
import { assert } from "@std/assert";
import type { Decision, Effect, Event } from "../../../graph/schedule/event.ts";
import { buildGraph } from "../../../graph/graph.ts";
import { makePlan, type Plan } from "../../../graph/schedule/plan.ts";
import { createSchedule, step } from "../../../graph/schedule/schedule.ts";
import type { Task } from "../../../graph/task.ts";

/** A plan from task name → dependency names. */
export function planOf(shape: Record<string, string[]>, retries = 0): Plan {
  const tasks = Object.entries(shape).map(([name, dependencies]): Task => ({
    name,
    action: { kind: "content", content: name },
    dependencies,
    sourceFiles: [],
    outputs: [{ path: `out/${name}`, kind: "file" }],
    env: {},
    retries,
  }));
  return makePlan(tasks, buildGraph(tasks).graph, tasks.map(() => []));
}

/** Choices for a {@linkcode World}. */
export interface ScheduleChoices {
  readonly failFast?: boolean;
  /** Names of the tasks that lock something. */
  readonly locking?: readonly string[];
  /** Tasks come when they are offered. */
  readonly inCrew?: boolean;
}

/** One run of a plan, ended task by task. */
export class World {
  readonly log: string[] = [];
  readonly running = new Map<string, number>();
  readonly schedule;
  verdict: (name: string) => Decision = () => ({ kind: "run" });
  /** What comes of asking for a task's locks at once. */
  onLock: (name: string) => "locked" | "barred" | "unlockable" = () => "locked";
  /** Tasks whose locks are held or were asked for. */
  readonly asking = new Set<string>();
  finished = false;
  /** In a crew: how many claims it wants. */
  claims = 0;
  /** Told of each effect before it is carried out. */
  onEffect?: (effect: Effect) => void;
  /** Checks are answered by `answer`, not at once. */
  isSlow = false;
  /** Tasks whose check is not answered yet, with what it found. */
  readonly asked = new Map<string, Decision>();
  /** Tasks that were asked to end. */
  readonly cancelled = new Set<string>();

  constructor(readonly plan: Plan, readonly workers: number, options: ScheduleChoices = {}) {
    const { failFast, locking = [], inCrew } = options;
    const locks = Uint8Array.from(plan.tasks, ({ name }) => Number(locking.includes(name)));
    this.schedule = createSchedule(plan, { workers, failFast, locks, inCrew });
  }

  /** In a crew: for how many more claims there is room. */
  get room(): number {
    return Math.max(0, this.claims - this.schedule.held);
  }

  begin(): this {
    this.tell({ kind: "begun" });
    return this;
  }

  tell(event: Event): void {
    const events = [event];
    for (let next = events.shift(); next !== undefined; next = events.shift()) {
      for (const effect of step(this.schedule, next)) this.#carryOut(effect, events);
    }
  }

  complete(name: string): void {
    this.tell({ kind: "completed", worker: this.#end(name), task: this.index(name) });
  }

  fail(name: string, retriable = true, isDelayed = false): void {
    this.tell({ kind: "failed", worker: this.#end(name), task: this.index(name), retriable, isDelayed });
  }

  /** A task that was asked to end does. */
  giveUp(name: string): void {
    const worker = this.#end(name);
    this.tell({ kind: "failed", worker, task: this.index(name), retriable: false, isCancelled: true });
  }

  /** What tasks read has changed. */
  change(edited: readonly string[], reshaped: readonly string[] = []): void {
    const indexes = (names: readonly string[]) => names.map((name) => this.index(name));
    this.tell({ kind: "changed", edited: indexes(edited), reshaped: indexes(reshaped) });
  }

  /** In a crew: the run has claimed these. */
  offer(...names: string[]): void {
    this.tell({ kind: "offered", tasks: names.map((name) => this.index(name)) });
  }

  /** In a crew: these are others' now. */
  withdraw(...names: string[]): void {
    this.tell({ kind: "withdrawn", tasks: names.map((name) => this.index(name)) });
  }

  answer(name: string): void {
    const verdict = this.asked.get(name)!;
    this.asked.delete(name);
    this.tell({ kind: "checked", task: this.index(name), verdict });
  }

  index(name: string): number {
    return this.plan.tasks.findIndex((task) => task.name === name);
  }

  statuses(): Record<string, string> {
    return Object.fromEntries(this.plan.tasks.map(({ name }, i) => [name, this.schedule.status(i)]));
  }

  #end(name: string): number {
    const worker = this.running.get(name);
    assert(worker !== undefined, `${name} does not run`);
    this.running.delete(name);
    return worker;
  }

  #carryOut(effect: Effect, events: Event[]): void {
    const name = "task" in effect ? this.plan.tasks[effect.task].name : "";
    this.onEffect?.(effect);
    switch (effect.kind) {
      case "check":
        if (this.isSlow) {
          this.asked.set(name, this.verdict(name));
          return;
        }
        events.push({ kind: "checked", task: effect.task, verdict: this.verdict(name) });
        return;
      case "startWorkers":
        for (let worker = 1; worker <= this.workers; worker++) events.push({ kind: "workerReady", worker });
        break;
      case "run":
        assert(!this.running.has(name), `${name} runs twice`);
        this.running.set(name, effect.worker);
        this.cancelled.delete(name);
        break;
      case "lock":
        assert(!this.asking.has(name), `${name} asks for its locks twice`);
        events.push({ kind: this.onLock(name), task: effect.task });
        if (events.at(-1)!.kind !== "unlockable") this.asking.add(name);
        break;
      case "unlock":
        assert(this.asking.delete(name), `${name} gives back what it has not`);
        break;
      case "cancel": {
        const [cancelled] = [...this.running].find(([, worker]) => worker === effect.worker)!;
        this.cancelled.add(cancelled);
        this.log.push(`cancel ${cancelled}`);
        return;
      }
      case "claim":
        this.claims = effect.upTo;
        this.log.push(`claim ${effect.upTo}`);
        return;
      case "finish":
        assert(!this.finished, "finished twice");
        this.finished = true;
        break;
      default:
        break;
    }
    this.log.push(name === "" ? effect.kind : `${effect.kind} ${name}`);
  }
}
