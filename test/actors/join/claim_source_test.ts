// The turns of one member: what is asked of the crew's database, its work and its workers, with the scheduler between
// them. The database is a real one; the workers are played by the test.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Scheduler } from "../../../actors/engine/scheduler.ts";
import { ClaimSource } from "../../../actors/join/claim_source.ts";
import type { CrewWork } from "../../../actors/join/crew_work.ts";
import type { Deed, DeedAnswer } from "../../../actors/storage/deed.ts";
import { Member } from "../../../actors/crew/member.ts";
import type { CrewStore } from "../../../actors/crew/store/store.ts";
import type { FromWorker, RunTask } from "../../../actors/worker/messages.ts";
import type { RetryLimits } from "../../../graph/crew/status.ts";
import { StatusTable } from "../../../actors/worker/status_table.ts";
import type { RebuilderAnswer } from "../../../actors/engine/work.ts";
import { type Pool, type PoolReport, WorkerStartError } from "../../../actors/engine/pool.ts";
import { RawDatabase } from "../storage/raw_database.ts";
import { crewTest, entries, NO_RETRIES, trail } from "../crew/rig.ts";
import { planOf } from "../../graph/schedule/world.ts";
import { randomFrom, rounds, seedFor } from "../../random.ts";

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
  readonly maxFailedRetries?: number;
  readonly maxKilledRetries?: number;
  readonly identifier?: string;
  /** Workers that are to end a task take their time, and the test says when they do. */
  readonly isSlow?: boolean;
  /** Tasks this member knows; all unless told. */
  readonly names?: readonly string[];
}

/** One member's run with everything around it played; `log` has what it told. */
class Stage implements CrewWork, AsyncDisposable {
  readonly log: string[] = [];
  scheduler!: Scheduler;
  source!: ClaimSource;
  readonly members: Member[] = [];
  /** Task → the worker that has it. */
  readonly running = new Map<string, number>();
  /** Those of them that are to end. */
  readonly cancelled = new Set<string>();
  /** What `check` answers, the first time; tasks must run unless told otherwise. */
  readonly findings = new Map<string, RebuilderAnswer>();
  /** What workers still tell when all is done. */
  onFinish?: () => void;
  readonly #limits: RetryLimits;
  readonly #store: CrewStore;
  readonly #choices: StageChoices;
  readonly #table: StatusTable;
  #onReport!: (report: PoolReport) => void;
  #isInterrupted = false;

  constructor(store: CrewStore, readonly names: readonly string[], choices: StageChoices = {}) {
    const { maxFailedRetries = 0, maxKilledRetries = 0 } = choices;
    this.#limits = { ...NO_RETRIES, maxFailedRetries, maxKilledRetries };
    this.#store = store;
    this.#choices = choices;
    this.#table = new StatusTable(names.length);
  }

  async begin(): Promise<void> {
    const { workers = 2, retries = 0, stopsOnFailure = false } = this.#choices;
    this.source = new ClaimSource(await this.#join(), {
      names: this.names,
      work: this,
      store: this.#store,
      join: () => this.#join(),
      stopsOnFailure,
      isInterrupted: () => this.#isInterrupted,
      onLost: () => this.log.push("lost"),
    });
    this.scheduler = new Scheduler({
      plan: planOf(Object.fromEntries(this.names.map((name) => [name, []])), retries),
      work: this,
      workers,
      failFast: false,
      turns: this.source,
      table: this.#table,
      createPool: (onReport) => {
        this.#onReport = onReport;
        return this.#play(workers);
      },
      onEvent: (event) => this.log.push("task" in event ? `${event.kind} ${this.names[event.task]}` : event.kind),
    });
    this.scheduler.post({ kind: "begin" });
  }

  get finished(): Promise<void> {
    return this.scheduler.finished;
  }

  interrupt(signal: "SIGINT" | "SIGTERM"): void {
    this.#isInterrupted = true;
    this.scheduler.post({ kind: "interrupt", signal });
  }

  async close(): Promise<void> {
    await this.scheduler.close();
    await this.source.close();
  }

  /** Waits until workers have exactly these. */
  async runs(...names: string[]): Promise<void> {
    const wanted = names.sort().join();
    await until(() => [...this.running.keys()].sort().join() === wanted, `running are ${wanted}`);
  }

  ends(name: string, how: "completed" | "failed" | "cancelled" | "unrestorable"): void {
    const task = this.names.indexOf(name), worker = this.running.get(name)!;
    this.running.delete(name);
    this.cancelled.delete(name);
    const messages: Record<typeof how, FromWorker> = {
      completed: { kind: "completed", task, durationMs: 1 },
      failed: { kind: "failed", task, durationMs: 1, failure: { kind: "exit", code: 1 } },
      cancelled: { kind: "failed", task, durationMs: 1, failure: { kind: "cancelled" } },
      unrestorable: { kind: "unrestorable", task },
    };
    this.report({ kind: "worker", worker, message: messages[how] });
  }

  report(report: PoolReport): void {
    this.#onReport(report);
  }

  async mayPublish(name: string): Promise<boolean> {
    return await this.wishes(name, { kind: "leave" }) === "done";
  }

  wishes(name: string, deed: Deed): Promise<DeedAnswer> {
    return this.source.carryOut(this.names.indexOf(name), deed);
  }

  check(task: number): RebuilderAnswer {
    const name = this.names[task], finding = this.findings.get(name);
    this.findings.delete(name);
    return finding ?? { kind: "run", reason: "new" };
  }

  message(task: number, restore: boolean): RunTask {
    return { kind: "run", task, name: this.names[task], restore } as unknown as RunTask;
  }

  attach(): void {}
  arrived(): void {}
  unrestorable(task: number): void {
    this.log.push(`unrestorable ${this.names[task]}`);
  }
  record(task: number): void {
    this.log.push(`record ${this.names[task]}`);
  }
  distrust(task: number): void {
    this.log.push(`distrust ${this.names[task]}`);
  }
  result(task: number): string {
    return `result of ${this.names[task]}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    for (const member of this.members) await member.leave();
  }

  async #join(): Promise<Member> {
    const beats = { heartbeatIntervalMs: 20, heartbeatTimeoutMs: 60_000 };
    const { identifier = "actor" } = this.#choices;
    const how = { identifier, labels: [], enableFingerprints: true, isRegistering: false, ...this.#limits };
    const member = await Member.join(this.#store, { ...how, ...beats, heart: "timer", storeOptions: {} });
    this.members.push(member);
    return member;
  }

  #play(size: number): Pool {
    const ready = () => {
      for (let worker = 1; worker <= size; worker++) {
        this.report({ kind: "worker", worker, message: { kind: "ready" } });
      }
    };
    return {
      start: ready,
      want: () => {},
      run: (worker: number, { task }: RunTask) => {
        assert(this.#table.change(task, "pending", "running"));
        this.running.set(this.names[task], worker);
        this.report({ kind: "worker", worker, message: { kind: "started", task } });
      },
      cancel: (worker: number, signal: string) => {
        this.log.push(`cancel ${signal}`);
        const name = [...this.running.keys()].find((name) => this.running.get(name) === worker);
        if (name === undefined) return; // it has just ended
        if (this.#choices.isSlow) this.cancelled.add(name);
        else this.ends(name, "cancelled");
      },
      finish: () => Promise.resolve(this.onFinish?.()),
      close: () => Promise.resolve(),
    } as unknown as Pool;
  }
}

crewTest(
  "ClaimSource works through what is ready, as many at once as it has workers, and then ends",
  async (_, store) => {
    await store.register(entries({ a: [], b: [], c: ["a", "b"] }));
    await using stage = new Stage(store, ["a", "b", "c"]);
    stage.findings.set("b", { kind: "fresh" });
    await stage.begin();
    await stage.runs("a");
    stage.ends("a", "completed");
    await stage.runs("c");
    stage.ends("c", "completed");
    await stage.finished;
    assertEquals(stage.source.counts, { executed: 2, hits: 1, failed: 0 });
    assertEquals(await trail(store, "c"), ["running", "completed"]);
    assertEquals(
      (await store.results()).map(({ result }) => result).sort(),
      ["a", "b", "c"].map((id) => `result of ${id}`),
    );
  },
);

crewTest("ClaimSource tries a failed task again itself, and then says why it failed", async (_, store) => {
  await store.register(entries({ a: [], b: ["a"] }));
  await using stage = new Stage(store, ["a", "b"], { retries: 1 });
  await stage.begin();
  for (let attempt = 0; attempt < 2; attempt++) {
    await stage.runs("a");
    stage.ends("a", "failed");
  }
  await stage.finished;
  assertEquals(stage.log.filter((line) => line === "failed a").length, 2);
  assertEquals([await trail(store, "a"), await trail(store, "b")], [["running", "failed"], ["blocked"]]);
  assertEquals((await store.statusTrail("a")).at(-1)!.detail, "Command failed with exit code 1");
});

crewTest(
  "ClaimSource with the policy stop begins nothing once something has failed, and ends what runs",
  async (_, store) => {
    await store.register(entries({ a: [], b: [], c: [] }));
    await using stage = new Stage(store, ["a", "b", "c"], { stopsOnFailure: true });
    await stage.begin();
    await stage.runs("a", "b");
    stage.ends("a", "failed");
    await until(() => stage.log.includes("failed a"), "it was told");
    stage.ends("b", "completed");
    await stage.finished;
    assertEquals([await trail(store, "b"), await trail(store, "c")], [["running", "completed"], []]);
  },
);

crewTest(
  "ClaimSource asks again when what was to be copied is gone, and when the question took time",
  async (_, store) => {
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
    await stage.finished;
    assertEquals(stage.log, ["unrestorable a", "reason a", "started a", "record a", "executed a"]);
  },
);

crewTest("ClaimSource gives back what it does not know, once, and leaves it to others", async (_, store) => {
  await store.register(entries({ unknown: [], a: [] }));
  await using stage = new Stage(store, ["a"]);
  await stage.begin();
  await stage.runs("a");
  stage.ends("a", "completed");
  await stage.finished;
  assertEquals([await trail(store, "unknown"), await trail(store, "a")], [
    ["running", "cancelled"],
    ["running", "completed"],
  ]);
});

crewTest(
  "ClaimSource among many tasks that it does not know asks for its own, and lets the others be",
  async (_, store) => {
    const foreign = Array.from({ length: 500 }, (_, i) => [`foreign ${i}`, []] as const);
    await store.register(entries({ ...Object.fromEntries(foreign), a: [], b: ["a"] }));
    await using stage = new Stage(store, ["a", "b"]);
    await stage.begin();
    for (const name of ["a", "b"]) {
      await stage.runs(name);
      stage.ends(name, "completed");
    }
    await stage.finished;
    const { counts } = await store.workflow();
    assertEquals([counts.completed, counts.ready], [2, 500]);
    const touched = (await store.tasks()).filter(({ currentStatus }) => currentStatus === "cancelled").length;
    assert(touched > 0 && touched < 60, `${touched} of the others were given back`);
  },
);

crewTest("ClaimSource, interrupted, passes the signal on, and gives its tasks back", async (_, store) => {
  await store.register(entries({ a: [], b: [] }));
  await using stage = new Stage(store, ["a", "b"], { workers: 1 });
  await stage.begin();
  await stage.runs("a");
  stage.interrupt("SIGINT");
  await stage.finished;
  assertEquals(stage.log.filter((line) => line.startsWith("cancel ")), ["cancel SIGINT"]);
  assertEquals([await trail(store, "a"), await trail(store, "b")], [["running", "cancelled"], []]);
});

// S3.30
crewTest(
  "ClaimSource that was given up for dead drops its tasks though all workers are busy, and joins again",
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
    await stage.finished;
    assertEquals(stage.log.filter((line) => /^(lost|cancel )/.test(line)), [
      "lost",
      "cancel SIGKILL",
      "cancel SIGKILL",
    ]);
    assertEquals(await trail(store, "b"), ["running", "killed", "running", "completed"]);
    assertEquals(stage.source.counts, { executed: 1, hits: 0, failed: 0 });
  },
);

// S3.30
crewTest("ClaimSource joins again only when nothing runs any more that is others' by now", async (_, store) => {
  await store.register(entries({ a: [] }));
  await using stage = new Stage(store, ["a"], { isSlow: true });
  await stage.begin();
  await stage.runs("a");
  await store.declareDead(stage.members[0].claimant.worker, { maxFailedRetries: 0, maxKilledRetries: 1 });
  await until(() => stage.cancelled.has("a"), "it is to end");
  for (let look = 0; look < 50; look++) await store.workers();
  assertEquals(stage.members.length, 1);
  stage.ends("a", "cancelled");
  await stage.runs("a");
  stage.ends("a", "completed");
  await stage.finished;
  assertEquals(await trail(store, "a"), ["running", "killed", "running", "completed"]);
});

// K82
crewTest("ClaimSource puts nothing in place whose task is taken away while it waits to do so", async (place, store) => {
  await store.register(entries({ a: [], b: [] }));
  await using stage = new Stage(store, ["a", "b"]);
  await stage.begin();
  await stage.runs("a", "b");
  const wish = (name: string): Deed => {
    const [temporary, path] = ["tmp", "made"].map((suffix) => place.temp.file(`${name}.${suffix}`));
    Deno.writeTextFileSync(temporary, "mine");
    return { kind: "place", temporary, path };
  };
  assertEquals(await stage.wishes("b", wish("b")), "done");
  assertEquals([place.temp.has("b.tmp"), place.temp.has("b.made")], [false, true]);
  using raw = new RawDatabase(place.path);
  raw.exec("begin immediate");
  const answer = stage.wishes("a", wish("a"));
  raw.exec("update workers set status = 'killed', ended_at = 0; delete from claims; commit");
  assertEquals(await answer, "refused");
  assertEquals([place.temp.has("a.tmp"), place.temp.has("a.made")], [true, false]);
  raw.exec("update tasks set state = 'ready', active_workers = 0, is_claimable = 1");
});

crewTest("ClaimSource, interrupted while it joins again, leaves no membership behind", async (_, store) => {
  await store.register(entries({ a: [] }));
  await using stage = new Stage(store, ["a"]);
  await stage.begin();
  await stage.runs("a");
  await store.declareDead(stage.members[0].claimant.worker, { maxFailedRetries: 0, maxKilledRetries: 1 });
  await until(() => stage.log.includes("lost"), "it knows");
  stage.interrupt("SIGTERM");
  await stage.finished;
  await stage.close();
  assertEquals((await store.workers()).filter(({ status }) => status === "idle" || status === "busy"), []);
});

crewTest(
  "ClaimSource fails the task of a worker that crashes, and fails itself when none can be started",
  async (_, store) => {
    await store.register(entries({ a: [], b: [] }));
    await using stage = new Stage(store, ["a", "b"]);
    await stage.begin();
    await stage.runs("a", "b");
    stage.report({ kind: "crashed", worker: stage.running.get("a")!, detail: "gone" });
    await until(() => stage.log.includes("failed a"), "it was told");
    stage.report({ kind: "broken", worker: 1, detail: "no memory" });
    await assertRejects(() => stage.finished, WorkerStartError, "Cannot start worker 1: no memory");
  },
);

/** An error that a task's function left to nobody. */
function lateErrorOf(task: number): PoolReport {
  return {
    kind: "worker",
    worker: 1,
    message: { kind: "late", task, failure: { kind: "module", detail: "not saved" } },
  };
}

// K24
crewTest("ClaimSource takes a task for failed that a late error comes of, and so does the crew", async (_, store) => {
  await store.register(entries({ a: [], b: ["a"], c: ["b"] }));
  await using stage = new Stage(store, ["a", "b", "c"], { workers: 1 });
  await stage.begin();
  for (const name of ["a", "b"]) {
    await stage.runs(name);
    stage.ends(name, "completed");
  }
  await stage.runs("c");
  stage.report(lateErrorOf(1));
  stage.ends("c", "completed");
  stage.onFinish = () => {
    stage.onFinish = undefined;
    for (const task of [0, 0, 1]) stage.report(lateErrorOf(task));
  };
  await stage.finished;
  assertEquals(stage.source.counts, { executed: 1, hits: 0, failed: 2 });
  assertEquals(stage.log.filter((line) => /^(distrust|failed)/.test(line)), [
    "distrust b",
    "failed b",
    "distrust a",
    "failed a",
  ]);
  const trails = await Promise.all(["a", "b", "c"].map((id) => trail(store, id)));
  assertEquals(trails, [["running", "completed", "failed"], ["running", "completed", "failed"], [
    ...["running", "completed", "invalidated", "blocked"],
  ]]);
  assertEquals((await store.statusTrail("a")).at(-1)!.detail, "Module failed: not saved");
  assertEquals(await store.failedTasks(), ["a", "b"]);
});

// K24
crewTest(
  "ClaimSource tries a task again whose late error comes before it is completed, or as the crew may",
  async (_, store) => {
    await store.register(entries({ a: [] }));
    await using stage = new Stage(store, ["a"], { retries: 1, maxFailedRetries: 1 });
    await stage.begin();
    await stage.runs("a");
    stage.report(lateErrorOf(0));
    stage.ends("a", "completed");
    await stage.runs("a");
    stage.ends("a", "completed");
    stage.onFinish = () => {
      stage.onFinish = undefined;
      stage.report(lateErrorOf(0));
    };
    await stage.runs("a");
    stage.ends("a", "completed");
    await stage.finished;
    assertEquals(stage.source.counts, { executed: 1, hits: 0, failed: 1 });
    assertEquals(await trail(store, "a"), ["running", "completed", "failed", "running", "completed"]);
  },
);

// S3.30, S3.36, S3.39, K82
crewTest(
  "members do all tasks, publish only what is theirs, and end, over random graphs, failures and deaths",
  async (place, first) => {
    const seed = seedFor("members");
    for (let round = 0; round < rounds(50); round++) {
      const random = randomFrom(seed + round);
      const limits = { maxFailedRetries: 1000, maxKilledRetries: 1000 };
      const names = Array.from({ length: 2 + random.below(10) }, (_, i) => `r${round}t${i}`);
      const shape = Object.fromEntries(
        names.map((name, i) => [name, names.slice(0, i).filter(() => random.chance(1 / (i + 1)))]),
      );
      await first.register(entries(shape));
      const stages: Stage[] = [];
      const over = new Set<Stage>();
      const published = new Map<string, number>();
      try {
        for (let i = 0; i < 2 + random.below(2); i++) {
          const stage = new Stage(await place.store(), names, {
            ...limits,
            workers: 1 + random.below(3),
            identifier: `m${round}-${i}`,
            isSlow: true,
          });
          stages.push(stage);
          await stage.begin();
          stage.finished.then(() => over.add(stage), () => {}); // it is awaited below
        }
        for (let turn = 0, deaths = 0; over.size < stages.length; turn++) {
          assert(turn < 5000, "they do not end");
          await until(() => over.size === stages.length || stages.some(({ running }) => running.size > 0), "anything");
          const stage = random.pick(stages.filter(({ running }) => running.size > 0).concat(stages[0]));
          const name = [...stage.running.keys()][0];
          if (name === undefined) continue;
          if (deaths < 3 && random.chance(0.1)) {
            deaths++;
            await first.declareDead(stage.members.at(-1)!.claimant.worker, limits);
          } else if (stage.cancelled.has(name) && random.chance(0.5)) stage.ends(name, "cancelled");
          else if (random.chance(0.15)) stage.ends(name, "failed");
          else {
            const worker = stage.running.get(name);
            if (await stage.mayPublish(name)) published.set(name, (published.get(name) ?? 0) + 1);
            if (stage.running.get(name) === worker) stage.ends(name, "completed");
          }
        }
        for (const { finished } of stages) await finished;
        for (const name of names) {
          const words = await trail(first, name);
          assertEquals((await first.task(name))!.state, "completed", `${name}: ${words}`);
          assertEquals(words.filter((word) => word === "completed").length, 1, `${name}: ${words}`);
          const begun = words.filter((word) => word === "running").length;
          assert(published.get(name)! <= begun, `${name} is published ${published.get(name)} times: ${words}`);
        }
      } catch (error) {
        console.error(`TROUPE_SEED=${seed + round} shows it`, stages.map(({ log }) => log));
        throw error;
      } finally {
        for (const stage of stages) await stage[Symbol.asyncDispose]();
      }
    }
  },
);
