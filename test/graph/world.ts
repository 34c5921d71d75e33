/**
 * Owns the pretended world in which tests play runs of the schedule: checks are answered at once, workers are ready when
 * wanted, and the test ends tasks by name.
 *
 * @module
 */
import { assert } from "@std/assert";
import type { Effect, Event, Verdict } from "../../graph/event.ts";
import { buildGraph } from "../../graph/graph.ts";
import { makePlan, type Plan } from "../../graph/plan.ts";
import { createSchedule, step } from "../../graph/schedule.ts";
import type { Task } from "../../graph/task.ts";

/** A plan from task name → dependency names. */
export function planOf(shape: Record<string, string[]>, retries = 0): Plan {
  const tasks = Object.entries(shape).map(([name, dependencies]): Task => ({
    name,
    action: { kind: "content", content: name },
    dependencies,
    sourceFiles: [],
    output: `out/${name}`,
    env: {},
    retries,
  }));
  return makePlan(tasks, buildGraph(tasks).graph, tasks.map(() => []));
}

/** One run of a plan, ended task by task. */
export class World {
  readonly log: string[] = [];
  readonly running = new Map<string, number>();
  readonly schedule;
  verdict: (name: string) => Verdict = () => ({ kind: "run" });
  finished = false;

  constructor(readonly plan: Plan, readonly workers: number, options: { failFast?: boolean } = {}) {
    this.schedule = createSchedule(plan, { workers, ...options });
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
    switch (effect.kind) {
      case "check":
        events.push({ kind: "checked", task: effect.task, verdict: this.verdict(name) });
        return;
      case "startWorkers":
        for (let worker = 1; worker <= this.workers; worker++) events.push({ kind: "workerReady", worker });
        break;
      case "run":
        assert(!this.running.has(name), `${name} runs twice`);
        this.running.set(name, effect.worker);
        break;
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
