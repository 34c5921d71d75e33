// Tasks that are functions, run in parallel where the gates allow it.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { FileLockManager } from "../../../actors/locks/locks.ts";
import {
  GateError,
  type GateTask,
  InputError,
  loadExecutor,
  type SafeExecutorOptions,
  SafeParallelExecutor,
} from "../../../mod.ts";
import { JumpingClock } from "../machine/jumping_clock.ts";
import { TempFolder } from "../temp_folder.ts";

/** A folder for locks, an executor whose tasks note what runs beside them, and its log. */
class World implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "troupe-test-" });
  readonly log: string[] = [];
  readonly order: string[] = [];
  readonly running = new Set<string>();
  /** The largest sets that ran at once. */
  readonly together = new Set<string>();
  /** How often each task fails yet. */
  readonly failures = new Map<string, number>();

  executor(tasks: readonly GateTask[], options: SafeExecutorOptions<string> = {}): SafeParallelExecutor<string> {
    return new SafeParallelExecutor(tasks, (task) => this.#work(task), {
      folder: this.folder,
      load: () => ({}),
      retryDelays: [0.01],
      log: (level, line) => this.log.push(`${level} ${line}`),
      ...options,
    });
  }

  async #work({ name }: GateTask): Promise<string> {
    this.running.add(name);
    this.order.push(name);
    // Others that may run beside it get their turn to
    await new Promise((resolve) => setTimeout(resolve));
    this.together.add([...this.running].sort().join(" "));
    this.running.delete(name);
    const failures = this.failures.get(name) ?? 0;
    this.failures.set(name, failures - 1);
    if (failures > 0) throw new Error(`${name} has failed`);
    return `${name} done`;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

// S1.17, S1.28
Deno.test("SafeParallelExecutor runs tasks at once when the gates allow it", async () => {
  using world = new World();
  const { promise: bothRun, resolve, reject } = Promise.withResolvers<void>();
  const deadline = setTimeout(() => reject(new Error("they do not run at once")), 10_000);
  let running = 0;
  const executor = new SafeParallelExecutor([{ name: "a" }, { name: "b", writes: ["f"] }], async ({ name }) => {
    if (++running === 2) resolve();
    await bothRun;
    return `${name} done`;
  }, { folder: world.folder, load: () => ({}), log: () => {} });
  const { batches, results, completed, report } = await executor.execute();
  clearTimeout(deadline);
  assertEquals(batches, [{ tasks: ["a", "b"], parallel: true }]);
  assertEquals([completed, report.can_parallel, results.get("b")?.result], [2, true, "b done"]);
});

// S1.17, S1.19, S1.20, S1.28
Deno.test("SafeParallelExecutor runs the suggested batches when the gates refuse, and logs why", async () => {
  using world = new World();
  const tasks = [
    { name: "seed", writes: ["log/db.txt"] },
    { name: "lint", writes: ["log/*.txt"] },
    { name: "unit" },
    { name: "site", dependencies: ["unit"] },
  ];
  const { batches, completed } = await world.executor(tasks).execute();
  assertEquals(batches, [{ tasks: ["seed", "unit"], parallel: true }, { tasks: ["lint", "site"], parallel: true }]);
  assertEquals(completed, 4);
  for (const set of world.together) assert(!(set.includes("seed") && set.includes("lint")), set);
  const log = world.log.join("\n");
  for (
    const line of [
      "ERROR   blocking  seed, lint: log/db.txt",
      "WARNING   Execute conflicting tasks sequentially",
      "INFO Partitioned into 2 batches",
    ]
  ) assertStringIncludes(log, line);
  assert(log.indexOf("blocking") < log.indexOf("Partitioned"));
  assertStringIncludes(world.log.at(-1)!, "4 completed, 0 failed, 0 skipped");
});

// S1.18
Deno.test("SafeParallelExecutor begins with small batches when asked to", async () => {
  using world = new World();
  const tasks = Array.from({ length: 12 }, (_, i) => ({ name: `t${i}` }));
  const { batches } = await world.executor(tasks, { progressive: true }).execute();
  assertEquals(batches.map(({ tasks }) => tasks.length), [2, 3, 5, 2]);
  const few = await world.executor(tasks.slice(0, 4), { progressive: true }).execute();
  assertEquals(few.batches.map(({ tasks }) => tasks.length), [2, 2]);
});

Deno.test("SafeParallelExecutor skips what needs a failed task, also through one that is not run", async () => {
  using world = new World();
  world.failures.set("a", 1);
  const tasks = [
    { name: "a" },
    { name: "left", dependencies: ["a"] },
    { name: "b", dependencies: ["left"] },
    { name: "c", dependencies: ["left"] },
    { name: "d" },
  ];
  const { results, completed, failed, skipped } = await world.executor(tasks).execute(["a", "b", "c", "d"]);
  assertEquals([completed, failed, skipped], [1, 1, 2]);
  assertEquals(results.get("c")?.error, "'a', which it needs, was not completed");
  assertEquals((results.get("a")?.error as Error).message, "a has failed");
});

// S1.22
Deno.test("SafeParallelExecutor rolls back when a result is not valid, and then runs all one after another", async () => {
  using world = new World();
  const deeds: string[] = [];
  const checkpoint = {
    save: (tasks: readonly string[]) => void deeds.push(`save ${tasks.join(" ")} after ${world.order.length}`),
    rollBack: () => void deeds.push(`roll back after ${world.order.length}`),
  };
  let refusals = 1;
  const validateResult = (task: GateTask) => task.name !== "b" || refusals-- <= 0;
  const { completed, rollbacks, batches } = await world.executor([{ name: "a" }, { name: "b" }], {
    checkpoint,
    validateResult,
  })
    .execute();
  assertEquals([completed, rollbacks, deeds], [2, 1, ["save a b after 0", "roll back after 2"]]);
  assertEquals(batches, [{ tasks: ["a"], parallel: false }, { tasks: ["b"], parallel: false }]);
  refusals = Infinity;
  const again = await world.executor([{ name: "a" }, { name: "b" }], { checkpoint, validateResult }).execute();
  assertEquals([again.completed, again.failed, again.rollbacks, deeds.length], [1, 1, 2, 5]);
  assertEquals((again.results.get("b")?.error as Error).message, "The result of 'b' is not valid");
});

// S1.6, S1.7
Deno.test("SafeParallelExecutor holds the locks of a task while it runs, and waits for those of others", async () => {
  using world = new World();
  const locks = new FileLockManager(world.folder);
  const other = await locks.acquire("f", "exclusive", { task: "other" });
  const executor = new SafeParallelExecutor([{ name: "a", writes: ["f"], reads: ["g"] }], () => {
    const held = locks.list().map(({ path, mode, task }) => `${path?.split("/").pop()} ${mode} ${task}`);
    return held.sort();
  }, {
    folder: world.folder,
    load: () => ({}),
    log: (_, line) => {
      if (line.includes("Partitioned")) other.release();
    },
    retryDelays: [0.01],
  });
  const { results, report } = await executor.execute();
  assertEquals(report.lock_issues, [{ task: "a", file: "f" }]);
  assertEquals(results.get("a")?.result, ["f exclusive a", "g shared a"]);
  assertEquals(locks.list(), []);
});

// S1.7
Deno.test("SafeParallelExecutor fails a task whose locks are not to be had in time, and runs the others", async () => {
  using world = new World();
  using _lock = await new FileLockManager(world.folder).acquire("f", "exclusive", { task: "other" });
  const { completed, results } = await world.executor([{ name: "a", writes: ["f"] }, { name: "b" }], {
    lockTimeoutSeconds: 0.05,
  }).execute();
  assertEquals(completed, 1);
  assertStringIncludes((results.get("a")?.error as Error).message, "Cannot lock 'f' for writing within 0.05s");
});

// S1.8, S1.19: retry with backoff
Deno.test("SafeParallelExecutor asks again while the machine is busy, then runs one after another", async () => {
  using world = new World();
  const loads = [0.9, 0.9, 0.1];
  const tasks = [{ name: "a" }, { name: "b" }];
  const eased = await world.executor(tasks, {
    retryDelays: [0.001, 0.001, 0.001],
    enableMonitoring: false,
    load: () => ({ cpu: loads.shift() ?? 0.1 }),
  }).execute();
  assertEquals(eased.batches, [{ tasks: ["a", "b"], parallel: true }]);
  const busy = await world.executor(tasks, { retryDelays: [0.001], load: () => ({ cpu: 0.9 }) }).execute();
  assertEquals(busy.batches, [{ tasks: ["a", "b"], parallel: false }]);
  assertEquals(world.log.filter((line) => line.includes("one after another")), [
    "WARNING Running 'a', 'b' one after another",
  ]);
});

// S1.8, S1.19
Deno.test("SafeParallelExecutor waits before each further try as long as it was told, for the machine and for locks", async () => {
  using world = new World();
  const options = { retryDelays: [0.5, 1, 2], lockTimeoutSeconds: 6, enableMonitoring: false };
  {
    using clock = new JumpingClock();
    await world.executor([{ name: "a" }, { name: "b" }], { ...options, load: () => ({ cpu: 0.9 }) }).execute();
    assertEquals(clock.waits, [0.5, 1, 2]);
  }
  using _lock = await new FileLockManager(world.folder).acquire("f", "exclusive");
  using clock = new JumpingClock();
  const { failed } = await world.executor([{ name: "a", writes: ["f"] }], options).execute();
  assertEquals([failed, clock.waits.slice(-5)], [1, [0.5, 1, 2, 2, 0.5]]);
});

// S1.21
Deno.test("SafeParallelExecutor tells what runs while it runs, unless monitoring is switched off", async () => {
  using world = new World();
  const intervals: unknown[] = [];
  const realSetInterval = globalThis.setInterval;
  globalThis.setInterval = ((tick: () => void, ms: number) => {
    intervals.push(ms);
    tick();
    return realSetInterval(tick, ms);
  }) as typeof setInterval;
  try {
    await world.executor([{ name: "a" }], { enableMonitoring: false }).execute();
    assertEquals([intervals, world.log.filter((line) => line.includes("Running:"))], [[], []]);
    await world.executor([{ name: "a" }]).execute();
    assertEquals([intervals, world.log.filter((line) => line.includes("Running:"))], [[1000], [
      "INFO Running: nothing",
    ]]);
  } finally {
    globalThis.setInterval = realSetInterval;
  }
});

// S1.26
Deno.test("SafeParallelExecutor starts nothing when conflicts are to be refused, or depend on each other in a cycle", async () => {
  using world = new World();
  const clash = world.executor([{ name: "a", writes: ["f"] }, { name: "b", writes: ["f"] }], {
    conflictResolution: "refuse",
  });
  await assertRejects(() => clash.execute(), GateError, "The gates found conflicts");
  const cycle = world.executor([{ name: "a", dependencies: ["b"] }, { name: "b", dependencies: ["a"] }]);
  await assertRejects(() => cycle.execute(), GateError, "Circular dependency detected: ");
  assertEquals(world.order, []);
});

Deno.test("SafeParallelExecutor starts nothing more when it is stopped", async () => {
  using world = new World();
  const stop = new AbortController();
  const tasks = [{ name: "a", writes: ["f"] }, { name: "b", writes: ["f"] }];
  const executor = world.executor(tasks, { validateResult: () => (stop.abort(), true) });
  const { completed, skipped, results } = await executor.execute(undefined, { signal: stop.signal });
  assertEquals([completed, skipped, results.get("b")?.error], [1, 1, "the execution was stopped"]);
});

// S1.21, S1.25
Deno.test("SafeParallelExecutor logs what runs and what the machine bears, and nothing below its level", async () => {
  using world = new World();
  let sampled!: () => void;
  const sample = new Promise<void>((resolve) => sampled = resolve);
  const executor = new SafeParallelExecutor([{ name: "long" }], () => sample, {
    folder: world.folder,
    load: () => ({ cpu: 0.25, memory: 0.5 }),
    log: (level, line) => {
      world.log.push(`${level} ${line}`);
      if (line.startsWith("Running")) sampled();
    },
  });
  await executor.execute();
  assert(world.log.includes("INFO Running: long; CPU at 25 %, memory at 50 %"), world.log.join("\n"));
  world.log.length = 0;
  await world.executor([{ name: "a" }], { logLevel: "ERROR" }).execute();
  assertEquals(world.log, []);
});

// S1.26
Deno.test("loadExecutor() takes tasks and settings from files", async () => {
  using world = new World();
  const config = `${world.folder}/build.json`;
  const tasks = ["a", "b", "c"].map((name) => ({ name, output: name, content: "" }));
  Deno.writeTextFileSync(config, JSON.stringify({ tasks }));
  Deno.writeTextFileSync(`${world.folder}/parallel-execution.json`, '{"max_parallel_tasks": 2}');
  const executor = await loadExecutor(config, ({ name }) => name, { log: () => {}, load: () => ({}) });
  assertEquals((await executor.execute()).batches.map(({ tasks }) => tasks), [["a", "b"], ["c"]]);
  await assertRejects(() => loadExecutor(config, () => {}, { gates: "missing.json" }), InputError);
});

// K56
Deno.test("SafeParallelExecutor gives up what takes too long or is stopped, and frees its locks", async () => {
  using place = new TempFolder();
  const tasks: GateTask[] = [{ name: "a", writes: ["f"] }, { name: "b", dependencies: ["a"] }, { name: "c" }];
  const options = { folder: place.path, log: () => {}, load: () => ({}) };
  const never = ({ name }: GateTask) => name === "c" ? Promise.resolve(1) : new Promise<number>(() => {});
  const late = await new SafeParallelExecutor(tasks, never, { ...options, timeoutSeconds: 0.02 }).execute();
  assertEquals([late.completed, late.failed, late.skipped], [1, 1, 1]);
  assertEquals(String(late.results.get("a")?.error), "TimeoutError: Timed out after 0.02s");
  assertEquals(new FileLockManager(place.path).list(), []);
  {
    using clock = new JumpingClock();
    await new SafeParallelExecutor([{ name: "a" }], never, { ...options, timeoutSeconds: 7 }).execute();
    assertEquals(clock.waits, [7]);
  }
  const stop = new AbortController();
  const stopped = new SafeParallelExecutor(tasks, (task) => {
    if (task.name === "a") stop.abort(new Error("Enough"));
    return never(task);
  }, options).execute(undefined, { signal: stop.signal });
  assertEquals(String((await stopped).results.get("a")?.error), "Error: Enough");
});

// K56
Deno.test("SafeParallelExecutor hides no task's error, whatever is thrown and whatever else fails", async () => {
  const lines: string[] = [];
  const bare = Object.create(null);
  const options = { log: (level: string, line: string) => void lines.push(`${level} ${line}`), load: () => ({}) };
  const thrower = new SafeParallelExecutor([{ name: "a" }], () => {
    throw bare;
  }, options);
  assertEquals((await thrower.execute()).results.get("a")?.error, bare);
  assertEquals(lines.includes("ERROR Failed 'a': A value without a text was thrown"), true);

  lines.length = 0;
  assertEquals((await new SafeParallelExecutor([{ name: "a" }], () => 1, options).execute()).completed, 1);
  assertEquals(lines.filter((line) => line.startsWith("ERROR")), []);

  const deafLog = () => {
    throw new Error("Log broke");
  };
  const unheard = await new SafeParallelExecutor([{ name: "a" }], () => 1, { log: deafLog, load: () => ({}) })
    .execute();
  assertEquals(unheard.completed, 1);

  const fails = () => {
    throw new Error("Task broke");
  };
  const checkpoint = {
    save: () => {},
    rollBack: () => {
      throw new Error("Disk is full");
    },
  };
  const error = await assertRejects(
    () => new SafeParallelExecutor([{ name: "a" }], fails, { ...options, checkpoint }).execute(),
    AggregateError,
    "Cannot roll back to the checkpoint: Disk is full",
  );
  assertEquals(error.errors.map((one: Error) => one.message), ["Disk is full", "Task broke"]);
});
