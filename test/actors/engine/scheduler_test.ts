// The actor around the rules: what it asks of its work, its workers and the status table, and in which order. The
// workers here are played by the test.
import type { TaskFailure } from "../../../graph/failure.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { RunShell, RunTask } from "../../../actors/worker/messages.ts";
import { Scheduler } from "../../../actors/engine/scheduler.ts";
import { StatusTable } from "../../../actors/worker/status_table.ts";
import type { SourceReport, TurnSource } from "../../../actors/engine/turn_source.ts";
import type { RebuilderAnswer, Work } from "../../../actors/engine/work.ts";
import { type Pool, type PoolReport, WorkerStartError } from "../../../actors/engine/pool.ts";
import type { Status } from "../../../graph/schedule/event.ts";
import type { Plan } from "../../../graph/schedule/plan.ts";
import { planOf } from "../../graph/schedule/world.ts";
import { until } from "../../faults/rig.ts";
import type { Published } from "../../../actors/storage/publication.ts";

const PUBLISHED: Published = { sha256: "d", size: 1, mtimeMs: 1, ctimeMs: 1, inode: 1, mode: 0o644, isFile: true };

/** A scheduler with everything around it played; `log` has what it asked for, in order. */
class Stage implements Work {
  readonly log: string[] = [];
  readonly table: StatusTable;
  readonly scheduler: Scheduler;
  readonly running = new Map<string, number>();
  /** What `check` answers; tasks must run unless told otherwise. */
  readonly findings = new Map<string, RebuilderAnswer>();
  /** What a worker answers to a task at once, if anything. */
  answer: ((name: string) => "completed" | "failed" | undefined) | undefined;
  pools = 0;
  /** By the number of failed attempts. */
  delaysMs: readonly number[] = [];
  /** What happens while functions have their last time. */
  onFinish: (() => void) | undefined;
  /** How many workers have had a thread. */
  threads = 0;
  /** How long tasks usually take for which threads were wanted. */
  readonly expectedMs = new Set<number>();
  #report!: (report: PoolReport) => void;

  constructor(readonly plan: Plan, options: { workers?: number; failFast?: boolean; turns?: TurnSource } = {}) {
    const { workers = 8, failFast = false, turns } = options;
    this.table = new StatusTable(plan.size);
    this.scheduler = new Scheduler({
      plan,
      work: this,
      workers,
      failFast,
      turns,
      table: this.table,
      createPool: (report) => {
        this.#report = report;
        this.pools++;
        return this.#pool(workers);
      },
      onEvent: (event) => this.log.push("task" in event ? `${event.kind} ${this.name(event.task)}` : event.kind),
    });
    this.scheduler.post({ kind: "begin" });
  }

  name(task: number): string {
    return this.plan.tasks[task].name;
  }

  statuses(): Record<string, Status> {
    return Object.fromEntries(this.plan.tasks.map(({ name }, task) => [name, this.table.read(task)]));
  }

  check(task: number): RebuilderAnswer {
    this.log.push(`check ${this.name(task)}`);
    return this.findings.get(this.name(task)) ?? { kind: "run", reason: "new" };
  }

  message(task: number, restore: boolean): RunTask {
    this.log.push(`message ${this.name(task)}${restore ? " (restore)" : ""}`);
    const { name, action, outputs, env } = this.plan.tasks[task];
    return { kind: "run", task, name, work: action, outputs, env, sources: [], dependencyArtifacts: [] };
  }

  arrived(task: number): void {
    this.log.push(`arrived ${this.name(task)}`);
  }

  unrestorable(task: number): void {
    this.log.push(`unrestorable ${this.name(task)}`);
  }

  record(task: number): void {
    this.log.push(`record ${this.name(task)}, which is ${this.table.read(task)}`);
  }

  retryDelayMs(_task: number, failedAttempts: number): number {
    return this.delaysMs[failedAttempts - 1] ?? 0;
  }

  distrust(task: number): void {
    this.log.push(`distrust ${this.name(task)}`);
  }

  /** A worker ends the task it has. */
  end(
    name: string,
    how: "completed" | "failed" | "unrestorable",
    failure: TaskFailure = { kind: "exit", code: 1 },
  ): void {
    const worker = this.running.get(name)!;
    this.running.delete(name);
    const task = this.plan.tasks.findIndex((task) => task.name === name);
    this.#report({
      kind: "worker",
      worker,
      message: how === "completed"
        ? { kind: how, task, durationMs: 1, published: [{ path: "out", ...PUBLISHED }] }
        : how === "failed"
        ? { kind: how, task, durationMs: 1, failure }
        : { kind: how, task },
    });
  }

  tell(report: PoolReport): void {
    this.#report(report);
  }

  #pool(size: number): Pool {
    return {
      start: () => {},
      want: (tasks, _left, expectedMs) => {
        for (const ms of expectedMs) this.expectedMs.add(ms);
        while (this.threads < Math.min(size, tasks + this.running.size)) {
          this.#report({ kind: "worker", worker: ++this.threads, message: { kind: "ready" } });
        }
      },
      finish: async () => {
        this.onFinish?.();
        await Promise.resolve();
      },
      run: (worker: number, { task }: RunTask | RunShell) => {
        const name = this.name(task);
        assert(this.table.change(task, "pending", "running"));
        this.running.set(name, worker);
        this.#report({ kind: "worker", worker, message: { kind: "started", task } });
        const how = this.answer?.(name);
        if (how !== undefined) this.end(name, how);
      },
      cancel: (worker: number, signal: string) => void this.log.push(`cancel ${worker} ${signal}`),
      close: () => Promise.resolve(),
    };
  }
}

/** Resolves when the mailboxes have been emptied. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

// S0.13, S7.13
Deno.test("Scheduler says how long the tasks that wait for workers usually take, where that is known", async () => {
  const plan = planOf({ a: [], b: [], c: [], d: ["a"] }),
    stages = [plan, { ...plan, weights: [10, 900, 70, 5000] }]
      .map((plan) => new Stage(plan, { workers: 2 }));
  await turn();
  assertEquals(stages.map(({ expectedMs }) => [...expectedMs]), [[], [10, 900, 70]]);
  for (const stage of stages) {
    for (const name of ["a", "b", "c", "d"]) {
      await until(() => stage.running.has(name), `${name} runs`);
      stage.end(name, "completed");
    }
    await stage.scheduler.finished;
  }
});

// S0.26, S0.51: in counts; how long it takes is shown in bench/
Deno.test("Scheduler asks about each task once and records it once, however many depend on it", async () => {
  const names = Array.from({ length: 300 }, (_, i) => `t${i}`);
  const shape = Object.fromEntries(names.map((name, i) => [name, names.slice(Math.max(0, i - 30), i)]));
  const stage = new Stage(planOf(shape));
  stage.answer = () => "completed";
  await stage.scheduler.finished;
  for (const kind of ["check", "message", "arrived", "record", "started", "executed"]) {
    const asked = stage.log.filter((line) => line.startsWith(`${kind} `)).map((line) => /t\d+/.exec(line)![0]);
    assertEquals(asked, names);
  }
  assertEquals(stage.scheduler.counts, { completed: 300, failed: 0, skipped: 0, cancelled: 0, running: 0 });
});

// S0.21: nothing is looked at now and then, and no time passes
Deno.test("Scheduler starts a task before anything else has its turn once the last of its dependencies has ended", async () => {
  const stage = new Stage(planOf({ b: [], c: [], d: [], a: ["b", "c", "d"] }));
  await turn();
  for (const name of ["b", "c"]) stage.end(name, "completed");
  await turn();
  assertEquals([...stage.running.keys()], ["d"]);
  const { setTimeout, setInterval } = globalThis;
  let timers = 0;
  Object.assign(globalThis, { setTimeout: () => ++timers, setInterval: () => ++timers });
  try {
    stage.end("d", "completed");
    for (let turns = 0; turns < 5; turns++) await Promise.resolve(); // what has its turn before any timer or message
  } finally {
    Object.assign(globalThis, { setTimeout, setInterval });
  }
  assertEquals([[...stage.running.keys()], timers], [["a"], 0]);
});

// S0.31, S0.47
Deno.test("Scheduler records an artifact, then marks its task completed, then looks at what needs it", async () => {
  const stage = new Stage(planOf({ a: [], b: ["a"] }));
  stage.answer = () => "completed";
  await stage.scheduler.finished;
  assertEquals(stage.log, [
    "check a",
    "reason a",
    "message a",
    "started a",
    "arrived a",
    "record a, which is running",
    "executed a",
    "check b",
    "reason b",
    "message b",
    "started b",
    "arrived b",
    "record b, which is running",
    "executed b",
  ]);
});

// S0.13
Deno.test("Scheduler makes a pool when the first task must run, and none when all is up to date", async () => {
  const fresh = new Stage(planOf({ a: [], b: ["a"] }));
  for (const name of ["a", "b"]) fresh.findings.set(name, { kind: "fresh" });
  await fresh.scheduler.finished;
  assertEquals([fresh.pools, fresh.log], [0, ["check a", "hit a", "check b", "hit b"]]);
  assertEquals(fresh.scheduler.utilization(), { overall: 0 });
  const stale = new Stage(planOf({ a: [], b: ["a"], c: ["b"] }), { workers: 3 });
  stale.findings.set("a", { kind: "fresh" });
  stale.answer = () => "completed";
  await stale.scheduler.finished;
  assertEquals(stale.pools, 1);
  assertEquals(Object.keys(stale.scheduler.utilization()), ["1", "2", "3", "overall"]);
});

// S0.14, S0.52, S0.53, S0.54, S0.55
Deno.test("Scheduler has an end for each of eight tasks that complete at once", async () => {
  const names = Array.from({ length: 8 }, (_, i) => `t${i}`);
  const stage = new Stage(planOf(Object.fromEntries(names.map((name) => [name, []]))));
  await turn();
  assertEquals([...stage.running.values()].sort(), [1, 2, 3, 4, 5, 6, 7, 8]);
  assertEquals(stage.scheduler.counts.running, 8);
  for (const name of names) stage.end(name, "completed");
  await stage.scheduler.finished;
  assertEquals(stage.scheduler.ends.map((end) => end.status), new Array(8).fill("completed"));
});

// S0.32
Deno.test("Scheduler fails a task whose source cannot be read without a worker, and skips what needs it", async () => {
  const stage = new Stage(planOf({ a: [], b: ["a"], c: ["b"] }));
  stage.findings.set("a", { kind: "unreadable", failure: { kind: "source", path: "x", detail: "gone" } });
  await stage.scheduler.finished;
  assertEquals([stage.pools, stage.statuses()], [0, { a: "failed", b: "skipped", c: "skipped" }]);
  assertEquals(stage.log.filter((line) => line.startsWith("check")), ["check a"]);
});

Deno.test("Scheduler asks again when a question has taken its time", async () => {
  const stage = new Stage(planOf({ a: [] }));
  const { promise, resolve } = Promise.withResolvers<void>();
  stage.findings.set("a", { kind: "later", until: promise });
  await turn();
  assertEquals(stage.statuses(), { a: "pending" });
  stage.findings.set("a", { kind: "fresh" });
  resolve();
  await stage.scheduler.finished;
  assertEquals(stage.log, ["check a", "check a", "hit a"]);
});

// K21
Deno.test("Scheduler waits for no look at files once it is stopped, but for all that changes something", async () => {
  const stage = new Stage(planOf({ look: [], change: [], after: ["look"] }));
  const { promise, resolve } = Promise.withResolvers<void>();
  stage.findings.set("look", { kind: "later", until: new Promise(() => {}), isLook: true });
  stage.findings.set("change", { kind: "later", until: promise });
  await turn();
  stage.scheduler.post({ kind: "interrupt" });
  await turn();
  assertEquals(stage.statuses(), { look: "skipped", change: "pending", after: "skipped" });
  // Asked once more it finds that there is still much to read.
  stage.findings.set("change", { kind: "later", until: new Promise(() => {}), isLook: true });
  resolve();
  await stage.scheduler.finished;
  assertEquals(stage.statuses(), { look: "skipped", change: "skipped", after: "skipped" });
  assertEquals(stage.pools, 0);
});

// K21
Deno.test("Scheduler waits for no look at files after a failure that ends everything", async () => {
  const stage = new Stage(planOf({ look: [], bad: [] }), { failFast: true });
  const { promise, resolve } = Promise.withResolvers<void>();
  stage.findings.set("look", { kind: "later", until: promise, isLook: true });
  await turn();
  stage.end("bad", "failed");
  await stage.scheduler.finished;
  resolve();
  await turn();
  assertEquals(stage.statuses(), { look: "skipped", bad: "failed" });
  assertEquals(stage.log.filter((entry) => entry === "check look").length, 1);
});

Deno.test("Scheduler asks again when there was nothing to copy, and has the task done", async () => {
  const stage = new Stage(planOf({ a: [] }));
  stage.findings.set("a", { kind: "restore", fingerprint: "f" });
  await turn();
  assertEquals(stage.log, ["check a", "message a (restore)"]);
  stage.findings.delete("a");
  stage.end("a", "unrestorable");
  await turn();
  assertEquals(stage.scheduler.counts.running, 1);
  stage.end("a", "completed");
  await stage.scheduler.finished;
  assert(stage.log.includes("unrestorable a") && stage.log.includes("executed a"));
  assertEquals(stage.statuses(), { a: "completed" });
});

Deno.test("Scheduler puts a failed task back to pending for its retries", async () => {
  const stage = new Stage(planOf({ a: [], b: ["a"] }, 2));
  for (let attempt = 0; attempt < 3; attempt++) {
    await turn();
    assertEquals(stage.statuses().a, "running");
    stage.end("a", "failed");
  }
  await stage.scheduler.finished;
  assertEquals(stage.statuses(), { a: "failed", b: "skipped" });
  assertEquals(stage.log.filter((line) => line === "failed a").length, 3);
  assertEquals(stage.scheduler.counts, { completed: 0, failed: 1, skipped: 1, cancelled: 0, running: 0 });
});

Deno.test("Scheduler tries a failed task again after its delay, and gives others the worker meanwhile", async () => {
  const stage = new Stage(planOf({ a: [], b: [] }, 2), { workers: 1 });
  stage.delaysMs = [30, 0];
  await turn();
  const failedMs = performance.now();
  stage.end("a", "failed");
  await turn();
  assertEquals([...stage.running.keys()], ["b"]);
  stage.end("b", "completed");
  await until(() => stage.running.has("a"), "a is tried again");
  assert(performance.now() - failedMs >= 30);
  stage.end("a", "failed");
  await turn();
  assertEquals([...stage.running.keys()], ["a"]);
  stage.end("a", "completed");
  await stage.scheduler.finished;
  assertEquals(stage.statuses(), { a: "completed", b: "completed" });
});

Deno.test("Scheduler fails the task of a worker that crashes, and gives the next worker the next task", async () => {
  const stage = new Stage(planOf({ a: [], b: [] }), { workers: 1 });
  await turn();
  stage.running.delete("a");
  stage.tell({ kind: "crashed", worker: 1, detail: "oh" });
  await turn();
  assertEquals(stage.statuses(), { a: "failed", b: "pending" });
  stage.answer = () => "completed";
  stage.tell({ kind: "worker", worker: 1, message: { kind: "ready" } });
  await stage.scheduler.finished;
  assertEquals(stage.statuses(), { a: "failed", b: "completed" });
});

Deno.test("Scheduler asks running tasks to end when it is interrupted, and starts nothing more", async () => {
  const stage = new Stage(planOf({ a: [], b: [], c: ["a"] }), { workers: 1 });
  await turn();
  stage.scheduler.post({ kind: "interrupt" });
  stage.scheduler.post({ kind: "interrupt" });
  await turn();
  assertEquals(stage.log.filter((line) => line.startsWith("cancel")), ["cancel 1 SIGTERM", "cancel 1 SIGKILL"]);
  stage.end("a", "failed");
  await stage.scheduler.finished;
  assertEquals(stage.statuses(), { a: "failed", b: "skipped", c: "skipped" });
});

// K35
Deno.test("Scheduler gives back what was cancelled: it is skipped, counted apart, and nothing failed", async () => {
  const stage = new Stage(planOf({ a: [], b: [] }, 3), { workers: 1 });
  await turn();
  stage.scheduler.post({ kind: "interrupt" });
  await turn();
  stage.end("a", "failed", { kind: "cancelled" });
  await stage.scheduler.finished;
  assertEquals(stage.statuses(), { a: "skipped", b: "skipped" });
  assertEquals(stage.scheduler.counts, { completed: 0, failed: 0, skipped: 2, cancelled: 1, running: 0 });
  assertEquals(stage.scheduler.ends.map(({ status, failure }) => [status, failure?.kind]), [
    ["skipped", "cancelled"],
    ["skipped", undefined],
  ]);
});

Deno.test("Scheduler gives up when a worker cannot be started", async () => {
  const stage = new Stage(planOf({ a: [] }));
  await turn();
  stage.tell({ kind: "broken", worker: 1, detail: "no memory" });
  await assertRejects(() => stage.scheduler.finished, WorkerStartError, "Cannot start worker 1: no memory");
});

// K118
Deno.test("Scheduler has as many threads started as tasks wait, whatever number of workers there may be", async () => {
  const chain = new Stage(planOf({ a: [], b: ["a"], c: ["b"] }), { workers: 512 });
  chain.answer = () => "completed";
  await chain.scheduler.finished;
  assertEquals(chain.threads, 1);
  const eight = new Stage(planOf(Object.fromEntries("abcdefgh".split("").map((name) => [name, []]))), { workers: 512 });
  while (eight.running.size < 8) await Promise.resolve();
  assertEquals(eight.threads, 8);
  for (const name of "abcdefgh") eight.end(name, "completed");
  await eight.scheduler.finished;
});

// K24
Deno.test("Scheduler takes a task for failed that a late error comes of, and has that forgotten", async () => {
  const stage = new Stage(planOf({ a: [], b: ["a"] }));
  stage.answer = () => "completed";
  const failure = { kind: "module", detail: "not saved" } as const;
  stage.onFinish = () => {
    for (const task of [0, 0, 1]) stage.tell({ kind: "worker", worker: 1, message: { kind: "late", task, failure } });
  };
  await stage.scheduler.finished;
  const { completed, failed } = stage.scheduler.counts;
  assertEquals([completed, failed], [0, 2]);
  assertEquals(stage.scheduler.ends.map(({ status }) => status), ["failed", "failed"]);
  assertEquals(stage.log.filter((line) => /^(distrust|failed)/.test(line)), [
    "distrust a",
    "failed a",
    "distrust b",
    "failed b",
  ]);
});

/** A crew, played by the test; `log` has what it was told. */
class PlayedCrew implements TurnSource {
  readonly log: string[] = [];
  /** Has all that is to be had. */
  isEmpty = true;
  post!: (report: SourceReport) => void;

  attach(post: (report: SourceReport) => void): void {
    this.post = post;
  }
  claim(upTo: number): void {
    this.log.push(`claim ${upTo}`);
  }
  completed(task: number, by: string): void {
    this.log.push(`completed ${task} ${by}`);
  }
  failed(task: number, { kind }: TaskFailure): void {
    this.log.push(`failed ${task} ${kind}`);
  }
  released(task: number): void {
    this.log.push(`released ${task}`);
  }
  failedLate(task: number, { kind }: TaskFailure): void {
    this.log.push(`late ${task} ${kind}`);
  }
  carryOut(): Promise<"done"> {
    return Promise.resolve("done");
  }
  isExhausted(): boolean {
    return this.isEmpty;
  }
  end(): Promise<void> {
    this.log.push("end");
    return Promise.resolve();
  }
}

// S3.38
Deno.test("Scheduler in a crew does what is offered, again if need be, and tells how each claim ended", async () => {
  const crew = new PlayedCrew();
  const stage = new Stage(planOf({ a: [], b: ["a"], c: [] }, 1), { workers: 1, turns: crew });
  await turn();
  assertEquals([stage.log, crew.log], [[], ["claim 1"]]);
  crew.post({ kind: "offered", tasks: [1] });
  await turn();
  assertEquals(stage.log, ["check b", "reason b", "message b", "started b"]);
  stage.end("b", "completed");
  await turn();
  crew.post({ kind: "offered", tasks: [1] });
  await turn();
  assertEquals(stage.statuses().b, "running");
  // What was killed from outside is the crew's to try again, what failed the member's first.
  stage.end("b", "failed", { kind: "signal", signal: "SIGKILL" });
  stage.findings.set("a", { kind: "fresh" });
  crew.post({ kind: "offered", tasks: [0, 2] });
  await turn();
  stage.end("c", "failed");
  await turn();
  stage.end("c", "failed");
  await turn();
  crew.post({ kind: "exhausted" });
  await stage.scheduler.finished;
  assertEquals(crew.log, [
    ...["claim 1", "completed 1 executed", "claim 1", "failed 1 signal", "claim 1"],
    ...["completed 0 fresh", "claim 1", "failed 2 exit", "claim 1", "claim 0", "end"],
  ]);
  assertEquals(stage.scheduler.counts, { completed: 1, failed: 2, skipped: 0, cancelled: 0, running: 0 });
});

// S3.30
Deno.test("Scheduler in a crew lets go of what others have by now, whatever it waits for", async () => {
  const crew = new PlayedCrew();
  const stage = new Stage(planOf({ look: [], run: [] }), { turns: crew });
  stage.findings.set("look", { kind: "later", until: new Promise(() => {}), isLook: true });
  crew.post({ kind: "offered", tasks: [0, 1] });
  await turn();
  crew.log.length = 0;
  crew.post({ kind: "withdrawn", tasks: [0, 1] });
  await turn();
  assertEquals(crew.log, ["released 0", "claim 8"]);
  stage.end("run", "completed");
  await turn();
  assertEquals(crew.log.slice(2), ["released 1", "claim 8"]);
  assertEquals(stage.log.slice(-3), ["cancel 1 SIGKILL", "arrived run", "cancelled run"]);
  crew.post({ kind: "sourceBroke", error: new Error("no database") });
  await assertRejects(() => stage.scheduler.finished, Error, "no database");
});

// K24
Deno.test("Scheduler in a crew goes on when a late error brings it something to do", async () => {
  const crew = new PlayedCrew();
  const stage = new Stage(planOf({ a: [] }), { turns: crew });
  crew.post({ kind: "offered", tasks: [0] });
  await turn();
  stage.end("a", "completed");
  await turn();
  stage.onFinish = () => {
    stage.onFinish = undefined;
    const failure = { kind: "module", detail: "not saved" } as const;
    stage.tell({ kind: "worker", worker: 1, message: { kind: "late", task: 0, failure } });
    crew.isEmpty = false;
  };
  crew.post({ kind: "exhausted" });
  await turn();
  crew.post({ kind: "offered", tasks: [0] });
  await turn();
  stage.end("a", "completed");
  await turn();
  crew.isEmpty = true;
  crew.post({ kind: "exhausted" });
  await stage.scheduler.finished;
  assertEquals(crew.log.filter((line) => !line.startsWith("claim")), [
    ...["completed 0 executed", "late 0 module", "completed 0 executed", "end"],
  ]);
});

// K24
Deno.test("Scheduler fails an attempt whose error comes before it is decided that it succeeded", async () => {
  const stage = new Stage(planOf({ a: [] }, 1));
  await turn();
  const failure = { kind: "module", detail: "not saved" } as const;
  stage.tell({ kind: "worker", worker: 1, message: { kind: "late", task: 0, failure } });
  stage.end("a", "completed");
  await turn();
  assertEquals(stage.log.filter((line) => /^(record|failed|started)/.test(line)), [
    "started a",
    "failed a",
    "started a",
  ]);
  stage.end("a", "completed");
  await stage.scheduler.finished;
  assertEquals(stage.statuses(), { a: "completed" });
});
