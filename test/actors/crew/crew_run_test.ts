// The actor of one member: what it asks of the crew's database, its work and its workers. The database is a real one;
// the workers are played by the test.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { CrewRun } from "../../../actors/crew/crew_run.ts";
import type { CrewWork } from "../../../actors/crew/crew_work.ts";
import { Member } from "../../../actors/crew/member.ts";
import type { CrewStore } from "../../../actors/crew/store.ts";
import type { FromWorker, RunTask } from "../../../actors/messages.ts";
import { StatusTable } from "../../../actors/status_table.ts";
import type { Finding } from "../../../actors/work.ts";
import { type PoolOptions, type PoolReport, type WorkerPool, WorkerStartError } from "../../../actors/worker_pool.ts";
import { crewTest, entries, NO_RETRIES, trail } from "./rig.ts";

const DEADLINE_MS = 10_000;

async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!holds()) {
    assert(performance.now() < deadline, `never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

interface StageChoices {
  readonly workers?: number;
  readonly retries?: number;
  readonly stopsOnFailure?: boolean;
  /** Tasks this member knows; all unless told. */
  readonly names?: readonly string[];
}

/** One member's run with everything around it played; `log` has what it told. */
class Stage implements CrewWork, AsyncDisposable {
  readonly log: string[] = [];
  readonly run: CrewRun;
  readonly members: Member[] = [];
  /** Task → the worker that has it. */
  readonly running = new Map<string, number>();
  /** What `check` answers, the first time; tasks must run unless told otherwise. */
  readonly findings = new Map<string, Finding>();
  readonly #store: CrewStore;
  #pool!: Pick<PoolOptions, "onReport" | "mayPublish">;
  #table!: StatusTable;

  constructor(store: CrewStore, readonly names: readonly string[], choices: StageChoices = {}) {
    const { workers = 2, retries = 0, stopsOnFailure = false } = choices;
    this.#store = store;
    this.run = new CrewRun({
      names,
      retries: names.map(() => retries),
      work: this,
      workers,
      join: () => this.#join(),
      isHeld: (worker, claim) => store.isHeld(worker, claim),
      createPool: (options) => {
        this.#pool = options;
        this.#table = new StatusTable(options.table);
        return this.#play(options.size);
      },
      stopsOnFailure,
      onEvent: (event) => this.log.push("task" in event ? `${event.kind} ${names[event.task]}` : event.kind),
      onLost: () => this.log.push("lost"),
    });
  }

  async begin(): Promise<void> {
    this.run.begin(await this.#join());
  }

  /** Waits until workers have exactly these. */
  async runs(...names: string[]): Promise<void> {
    const wanted = names.sort().join();
    await until(() => [...this.running.keys()].sort().join() === wanted, `running are ${wanted}`);
  }

  ends(name: string, how: "completed" | "failed" | "unrestorable"): void {
    const task = this.names.indexOf(name), worker = this.running.get(name)!;
    this.running.delete(name);
    const messages: Record<typeof how, FromWorker> = {
      completed: { kind: "completed", task, durationMs: 1 },
      failed: { kind: "failed", task, durationMs: 1, failure: { kind: "exit", code: 1 } },
      unrestorable: { kind: "unrestorable", task },
    };
    this.report({ kind: "worker", worker, message: messages[how] });
  }

  report(report: PoolReport): void {
    this.#pool.onReport(report);
  }

  mayPublish(name: string): Promise<boolean> {
    return this.#pool.mayPublish!(this.names.indexOf(name));
  }

  check(task: number): Finding {
    const name = this.names[task], finding = this.findings.get(name);
    this.findings.delete(name);
    return finding ?? { kind: "run", reason: "new" };
  }

  message(task: number, restore: boolean): RunTask {
    return { kind: "run", task, name: this.names[task], restore } as unknown as RunTask;
  }

  arrived(): void {}
  unrestorable(task: number): void {
    this.log.push(`unrestorable ${this.names[task]}`);
  }
  record(task: number): void {
    this.log.push(`record ${this.names[task]}`);
  }
  result(task: number): string {
    return `result of ${this.names[task]}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run.close();
    for (const member of this.members) await member.leave();
  }

  async #join(): Promise<Member> {
    const beats = { heartbeatIntervalMs: 20, heartbeatTimeoutMs: 60_000 };
    const how = { identifier: "actor", labels: [], enableFingerprints: true, isRegistering: false, ...NO_RETRIES };
    const member = await Member.join(this.#store, { ...how, ...beats, heart: "timer", storeOptions: {} });
    this.members.push(member);
    return member;
  }

  #play(size: number): WorkerPool {
    const ready = () => {
      for (let worker = 1; worker <= size; worker++) {
        this.report({ kind: "worker", worker, message: { kind: "ready" } });
      }
    };
    return {
      start: ready,
      run: (worker: number, { task }: RunTask) => {
        assert(this.#table.change(task, "pending", "running"));
        this.running.set(this.names[task], worker);
        this.report({ kind: "worker", worker, message: { kind: "started", task } });
      },
      cancel: (worker: number, signal: string) => {
        this.log.push(`cancel ${signal}`);
        const [name] = [...this.running].find(([, at]) => at === worker)!;
        this.running.delete(name);
        const task = this.names.indexOf(name);
        const message: FromWorker = { kind: "failed", task, durationMs: 1, failure: { kind: "cancelled" } };
        this.report({ kind: "worker", worker, message });
      },
      close: () => Promise.resolve(),
    } as unknown as WorkerPool;
  }
}

crewTest("CrewRun works through what is ready, as many at once as it has workers, and then ends", async (_, store) => {
  await store.register(entries({ a: [], b: [], c: ["a", "b"] }));
  await using stage = new Stage(store, ["a", "b", "c"]);
  stage.findings.set("b", { kind: "fresh" });
  await stage.begin();
  await stage.runs("a");
  stage.ends("a", "completed");
  await stage.runs("c");
  stage.ends("c", "completed");
  await stage.run.finished;
  assertEquals(stage.run.counts, { executed: 2, hits: 1, failed: 0 });
  assertEquals(await trail(store, "c"), ["running", "completed"]);
  assertEquals(
    (await store.results()).map(({ result }) => result).sort(),
    ["a", "b", "c"].map((id) => `result of ${id}`),
  );
});

crewTest("CrewRun tries a failed task again itself, and then says why it failed", async (_, store) => {
  await store.register(entries({ a: [], b: ["a"] }));
  await using stage = new Stage(store, ["a", "b"], { retries: 1 });
  await stage.begin();
  for (let attempt = 0; attempt < 2; attempt++) {
    await stage.runs("a");
    stage.ends("a", "failed");
  }
  await stage.run.finished;
  assertEquals(stage.log.filter((line) => line === "failed a").length, 2);
  assertEquals([await trail(store, "a"), await trail(store, "b")], [["running", "failed"], ["blocked"]]);
  assertEquals((await store.statusTrail("a")).at(-1)!.detail, "Command failed with exit code 1");
});

crewTest(
  "CrewRun with the policy stop begins nothing once something has failed, and ends what runs",
  async (_, store) => {
    await store.register(entries({ a: [], b: [], c: [] }));
    await using stage = new Stage(store, ["a", "b", "c"], { stopsOnFailure: true });
    await stage.begin();
    await stage.runs("a", "b");
    stage.ends("a", "failed");
    await until(() => stage.log.includes("failed a"), "it was told");
    stage.ends("b", "completed");
    await stage.run.finished;
    assertEquals([await trail(store, "b"), await trail(store, "c")], [["running", "completed"], []]);
  },
);

crewTest("CrewRun asks again when what was to be copied is gone, and when the question took time", async (_, store) => {
  await store.register(entries({ a: [] }));
  await using stage = new Stage(store, ["a"]);
  const reading = Promise.withResolvers<void>();
  stage.findings.set("a", { kind: "later", until: reading.promise });
  await stage.begin();
  await until(() => stage.findings.size === 0, "it has asked");
  stage.findings.set("a", { kind: "restore", fingerprint: "f" });
  reading.resolve();
  await stage.runs("a");
  stage.ends("a", "unrestorable");
  await stage.runs("a");
  stage.ends("a", "completed");
  await stage.run.finished;
  assertEquals(stage.log, ["unrestorable a", "reason a", "started a", "record a", "executed a"]);
});

crewTest("CrewRun gives back what it does not know, once, and leaves it to others", async (_, store) => {
  await store.register(entries({ unknown: [], a: [] }));
  await using stage = new Stage(store, ["a"]);
  await stage.begin();
  await stage.runs("a");
  stage.ends("a", "completed");
  await stage.run.finished;
  assertEquals([await trail(store, "unknown"), await trail(store, "a")], [
    ["running", "cancelled"],
    ["running", "completed"],
  ]);
});

crewTest(
  "CrewRun among many tasks that it does not know asks for its own, and lets the others be",
  async (_, store) => {
    const foreign = Array.from({ length: 500 }, (_, i) => [`foreign ${i}`, []] as const);
    await store.register(entries({ ...Object.fromEntries(foreign), a: [], b: ["a"] }));
    await using stage = new Stage(store, ["a", "b"]);
    await stage.begin();
    for (const name of ["a", "b"]) {
      await stage.runs(name);
      stage.ends(name, "completed");
    }
    await stage.run.finished;
    const { counts } = await store.workflow();
    assertEquals([counts.completed, counts.ready], [2, 500]);
    const touched = (await store.tasks()).filter(({ currentStatus }) => currentStatus === "cancelled").length;
    assert(touched > 0 && touched < 60, `${touched} of the others were given back`);
  },
);

crewTest("CrewRun, interrupted, passes the signal on, and gives its tasks back", async (_, store) => {
  await store.register(entries({ a: [], b: [] }));
  await using stage = new Stage(store, ["a", "b"], { workers: 1 });
  await stage.begin();
  await stage.runs("a");
  stage.run.interrupt("SIGINT");
  await stage.run.finished;
  assertEquals(stage.log.filter((line) => line.startsWith("cancel")), ["cancel SIGINT"]);
  assertEquals([await trail(store, "a"), await trail(store, "b")], [["running", "cancelled"], []]);
});

// S3.30
crewTest(
  "CrewRun that was given up for dead drops its tasks though all workers are busy, and joins again",
  async (place, store) => {
    await store.register(entries({ a: [], b: [] }));
    await using stage = new Stage(store, ["a", "b"]);
    await stage.begin();
    await stage.runs("a", "b");
    assert(await stage.mayPublish("a"));
    const [first] = stage.members;
    const heir = await place.mate(store);
    await store.declareDead(first.claimant.worker, { maxFailedRetries: 0, maxKilledRetries: 1 });
    assertEquals(await stage.mayPublish("a"), false, "the database knows before the member does");
    await heir.ends(await heir.takes("a"));
    await heir.leaves();
    await until(() => stage.members.length === 2, "it has joined again");
    await stage.runs("b");
    assert(await stage.mayPublish("b"));
    stage.ends("b", "completed");
    await stage.run.finished;
    assertEquals(stage.log.filter((line) => /^(lost|cancel)/.test(line)), ["lost", "cancel SIGKILL", "cancel SIGKILL"]);
    assertEquals(await trail(store, "b"), ["running", "killed", "running", "completed"]);
    assertEquals(stage.run.counts, { executed: 1, hits: 0, failed: 0 });
  },
);

crewTest("CrewRun, interrupted while it joins again, leaves no membership behind", async (_, store) => {
  await store.register(entries({ a: [] }));
  await using stage = new Stage(store, ["a"]);
  await stage.begin();
  await stage.runs("a");
  await store.declareDead(stage.members[0].claimant.worker, { maxFailedRetries: 0, maxKilledRetries: 1 });
  await until(() => stage.log.includes("lost"), "it knows");
  stage.run.interrupt("SIGTERM");
  await stage.run.finished;
  await stage.run.close();
  assertEquals((await store.workers()).filter(({ status }) => status === "idle" || status === "busy"), []);
});

crewTest(
  "CrewRun fails the task of a worker that crashes, and fails itself when none can be started",
  async (_, store) => {
    await store.register(entries({ a: [], b: [] }));
    await using stage = new Stage(store, ["a", "b"]);
    await stage.begin();
    await stage.runs("a", "b");
    stage.report({ kind: "crashed", worker: stage.running.get("a")!, detail: "gone" });
    await until(() => stage.log.includes("failed a"), "it was told");
    stage.report({ kind: "broken", worker: 1, detail: "no memory" });
    await assertRejects(() => stage.run.finished, WorkerStartError, "Cannot start worker 1: no memory");
  },
);
