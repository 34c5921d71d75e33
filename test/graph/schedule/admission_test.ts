// Tasks that need limited things, told events and asked for effects; no thread, no file, no clock.
import { assert, assertEquals } from "@std/assert";
import type { Needs } from "../../../graph/schedule/admission.ts";
import type { Event } from "../../../graph/schedule/event.ts";
import { buildGraph } from "../../../graph/graph.ts";
import { schedulable } from "../../../graph/schedule/plan.ts";
import { createSchedule, step } from "../../../graph/schedule/schedule.ts";
import { randomFrom, rounds, seedFor } from "../../random.ts";

type Shape = Record<string, { after?: string[]; needs?: [resource: number, amount: number][]; retries?: number }>;

function needsOf(shape: Shape, limits: number[]): Needs {
  const start = [0], resource: number[] = [], amount: number[] = [];
  for (const { needs = [] } of Object.values(shape)) {
    for (const [which, much] of needs) {
      resource.push(which);
      amount.push(much);
    }
    start.push(resource.length);
  }
  return {
    start: Int32Array.from(start),
    resource: Int32Array.from(resource),
    amount: Float64Array.from(amount),
    limits: Float64Array.from(limits),
  };
}

/** Runs a shape; `next` picks which running task ends next and how. Answers with the sets that ran together. */
function play(
  shape: Shape,
  limits: number[],
  workers: number,
  next: (running: string[]) => { name: string; end: "completed" | "failed" | "crashed" },
): string[][] {
  const names = Object.keys(shape);
  const tasks = names.map((name) => ({
    name,
    dependencies: shape[name].after ?? [],
    retries: shape[name].retries ?? 0,
  }));
  const plan = { ...schedulable(tasks, buildGraph(tasks).graph), needs: needsOf(shape, limits) };
  const schedule = createSchedule(plan, { workers });
  const running = new Map<string, number>();
  const together: string[][] = [];
  let finished = false;
  const tell = (first: Event) => {
    const events = [first];
    for (let event = events.shift(); event !== undefined; event = events.shift()) {
      for (const effect of step(schedule, event)) {
        if (effect.kind === "check") events.push({ kind: "checked", task: effect.task, verdict: { kind: "run" } });
        if (effect.kind === "run") running.set(names[effect.task], effect.worker);
        if (effect.kind === "finish") finished = true;
        if (effect.kind !== "startWorkers") continue;
        for (let worker = 1; worker <= workers; worker++) events.push({ kind: "workerReady", worker });
      }
    }
  };
  tell({ kind: "begun" });
  while (running.size > 0) {
    together.push([...running.keys()].sort());
    const { name, end } = next([...running.keys()]);
    const worker = running.get(name)!;
    running.delete(name);
    const task = names.indexOf(name);
    if (end === "crashed") {
      tell({ kind: "crashed", worker });
      tell({ kind: "workerReady", worker });
    } else if (end === "failed") tell({ kind: "failed", worker, task, retriable: true });
    else tell({ kind: "completed", worker, task });
  }
  assert(finished, "everything ended but the run");
  return together;
}

const first = (running: string[]) => ({ name: running[0], end: "completed" as const });

// S1.6, S1.29
Deno.test("step() runs readers of a file together and its writer alone", () => {
  const all = 1000; // a writer takes the whole, a reader one unit of it
  const shape: Shape = { r1: { needs: [[0, 1]] }, r2: { needs: [[0, 1]] }, w: { needs: [[0, all]] }, x: {} };
  const together = play(shape, [all], 8, first);
  assertEquals(together[0], ["r1", "r2", "x"]);
  for (const running of together) assert(!running.includes("w") || !running.some((name) => name.startsWith("r")));
  assert(together.some((running) => running.includes("w")));
});

// S1.29
Deno.test("step() never has two tasks with the same exclusive need running, and keeps all else parallel", () => {
  const shape: Shape = { a: { needs: [[0, 1]] }, b: { needs: [[0, 1]] }, c: { needs: [[0, 1]] }, d: {}, e: {} };
  const together = play(shape, [1], 8, first);
  assertEquals(together[0], ["a", "d", "e"]);
  for (const running of together) assert(running.filter((name) => "abc".includes(name)).length <= 1);
});

Deno.test("step() leaves nothing unused that one who waits for something else cannot use yet", () => {
  const shape: Shape = {
    ab1: { needs: [[0, 1], [1, 1]] }, // holds both
    ab2: { needs: [[0, 1], [1, 1]] },
    b: { needs: [[1, 1]] },
    a: { needs: [[0, 1]] },
  };
  const together = play(shape, [1, 1], 8, first);
  // when both are free again, ab2 takes them; then a and b run side by side
  assertEquals(together, [["ab1"], ["ab2"], ["a", "b"], ["a"]]);
});

Deno.test("step() lets a task that needs more than there is run alone", () => {
  const shape: Shape = { big: { needs: [[0, 10]] }, small: { needs: [[0, 1]] } };
  const together = play(shape, [4], 8, first);
  assertEquals(together.map((running) => running.length), [1, 1]);
});

// S1.8, S1.29
Deno.test("step() keeps within every limit over random graphs, needs, failures and crashes, and always ends", () => {
  const seed = seedFor("admission");
  for (let run = 0; run < rounds(1000); run++) {
    const random = randomFrom(seed + run);
    const limits = Array.from({ length: 1 + random.below(4) }, () => 1 + random.below(5));
    const shape: Shape = {};
    const names: string[] = [];
    for (let i = 0; i < 1 + random.below(25); i++) {
      const needs = limits.map((limit, which): [number, number] => [which, 1 + random.below(limit)]);
      shape[`t${i}`] = {
        after: names.filter(() => random.chance(1 / (i + 1))),
        needs: needs.filter(() => random.chance(0.4)),
        retries: random.below(2),
      };
      names.push(`t${i}`);
    }
    const failing = random.chance(0.5) ? 0.1 : 0;
    try {
      const together = play(shape, limits, 1 + random.below(8), (running) => ({
        name: random.pick(running),
        end: random.chance(failing) ? random.pick(["failed", "crashed"]) : "completed",
      }));
      for (const running of together) {
        const used = limits.map(() => 0);
        for (const name of running) for (const [which, much] of shape[name].needs ?? []) used[which] += much;
        used.forEach((amount, which) => assert(amount <= limits[which], `${amount} of ${limits[which]} used`));
      }
    } catch (error) {
      console.error(`TROUPE_SEED=${seed + run} shows it`);
      throw error;
    }
  }
});

Deno.test("step() does not walk a long queue at one lock at every release", () => {
  const shape: Shape = {};
  for (let i = 0; i < 20_000; i++) shape[`t${i}`] = { needs: [[0, 1]] };
  assertEquals(play(shape, [1], 4, first).length, 20_000);
});
