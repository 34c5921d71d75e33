// The actor around the rules: what it asks of its work, its workers and the status table, and in which order. The
// workers here are played by the test.
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Published, RunTask } from "../../actors/messages.ts";
import { Scheduler } from "../../actors/scheduler.ts";
import { StatusTable } from "../../actors/status_table.ts";
import type { Finding, Work } from "../../actors/work.ts";
import { type PoolReport, type WorkerPool, WorkerStartError } from "../../actors/worker_pool.ts";
import type { Status } from "../../graph/event.ts";
import type { Plan } from "../../graph/plan.ts";
import { planOf } from "../graph/world.ts";

const PUBLISHED: Published = { sha256: "d", size: 1, mtimeMs: 1, inode: 1 };

/** A scheduler with everything around it played; `log` has what it asked for, in order. */
class Stage implements Work {
  readonly log: string[] = [];
  readonly table: StatusTable;
  readonly scheduler: Scheduler;
  readonly running = new Map<string, number>();
  /** What `check` answers; tasks must run unless told otherwise. */
  readonly findings = new Map<string, Finding>();
  /** What a worker answers to a task at once, if anything. */
  answer: ((name: string) => "completed" | "failed" | undefined) | undefined;
  pools = 0;
  #report!: (report: PoolReport) => void;

  constructor(readonly plan: Plan, options: { workers?: number; failFast?: boolean } = {}) {
    const { workers = 8, failFast = false } = options;
    this.table = new StatusTable(plan.size);
    this.scheduler = new Scheduler({
      plan,
      work: this,
      workers,
      failFast,
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

  check(task: number): Finding {
    this.log.push(`check ${this.name(task)}`);
    return this.findings.get(this.name(task)) ?? { kind: "run", reason: "new" };
  }

  message(task: number, restore: boolean): RunTask {
    this.log.push(`message ${this.name(task)}${restore ? " (restore)" : ""}`);
    const { name, action, output, env } = this.plan.tasks[task];
    return { kind: "run", task, name, work: action, output, env, sources: [], dependencyArtifacts: [] };
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

  /** A worker ends the task it has. */
  end(name: string, how: "completed" | "failed" | "unrestorable"): void {
    const worker = this.running.get(name)!;
    this.running.delete(name);
    const task = this.plan.tasks.findIndex((task) => task.name === name);
    const failure = { kind: "exit", code: 1 } as const;
    this.#report({
      kind: "worker",
      worker,
      message: how === "completed"
        ? { kind: how, task, durationMs: 1, published: PUBLISHED }
        : how === "failed"
        ? { kind: how, task, durationMs: 1, failure }
        : { kind: how, task },
    });
  }

  tell(report: PoolReport): void {
    this.#report(report);
  }

  #pool(size: number): WorkerPool {
    const pool = {
      start: () => {
        for (let worker = 1; worker <= size; worker++) {
          this.#report({ kind: "worker", worker, message: { kind: "ready" } });
        }
      },
      run: (worker: number, { task }: RunTask) => {
        const name = this.name(task);
        assert(this.table.change(task, "pending", "running"));
        this.running.set(name, worker);
        this.#report({ kind: "worker", worker, message: { kind: "started", task } });
        const how = this.answer?.(name);
        if (how !== undefined) this.end(name, how);
      },
      cancel: (worker: number, signal: string) => this.log.push(`cancel ${worker} ${signal}`),
      close: () => Promise.resolve(),
    };
    return pool as unknown as WorkerPool;
  }
}

/** Resolves when the mailboxes have been emptied. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

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
  assertEquals(stage.scheduler.counts, { completed: 300, failed: 0, skipped: 0, running: 0 });
});

// S0.31, S0.47
Deno.test("Scheduler records an artifact, then marks its task completed, then looks at what needs it", async () => {
  const stage = new Stage(planOf({ a: [], b: ["a"] }));
  stage.answer = () => "completed";
  await stage.scheduler.finished;
  assertEquals(
    stage.log,
    [
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
    ].filter((line) => stage.log.includes(line)),
  );
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
  assertEquals(stage.scheduler.counts, { completed: 0, failed: 1, skipped: 1, running: 0 });
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

Deno.test("Scheduler gives up when a worker cannot be started", async () => {
  const stage = new Stage(planOf({ a: [] }));
  await turn();
  stage.tell({ kind: "broken", worker: 1, detail: "no memory" });
  await assertRejects(() => stage.scheduler.finished, WorkerStartError, "Cannot start worker 1: no memory");
});
