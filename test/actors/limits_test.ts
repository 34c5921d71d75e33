// Numbers and other options that programs give, and that cannot be: refused where they are given.
import { assertInstanceOf, assertStringIncludes } from "@std/assert";
import {
  batches,
  build,
  check,
  ConflictDetector,
  Crew,
  CrewTask,
  DependencyAwareScheduler,
  FileLockManager,
  GateError,
  history,
  InputError,
  ParallelExecutionGates,
  run,
  SafeParallelExecutor,
} from "../../mod.ts";
import { TempFolder } from "./temp_folder.ts";

/** What is no count, no time and no amount. */
const NO_NUMBERS: unknown[] = [NaN, -1, "5", null];

async function refusal(attempt: () => unknown): Promise<Error> {
  try {
    await attempt();
  } catch (error) {
    assertInstanceOf(error, Error);
    return error;
  }
  throw new Error("It was taken");
}

// K55
Deno.test("a limit that is none is refused by name where it is given, and nothing waits or loops for ever", async () => {
  using place = new TempFolder();
  const tasks = [{ name: "a" }, { name: "b" }];
  const locks = new FileLockManager(place.path);
  using _held = await locks.acquire("f", "exclusive");
  await using crew = new Crew([], { db: place.file("crew.sqlite") });
  await using _lock = await crew.taskLock("l").acquire();
  const scheduler = new DependencyAwareScheduler();
  const work = () => 1;
  const none = place.file("none.json");
  type Call = (value: unknown) => unknown;
  const calls: [name: string, call: Call, refused: unknown[], kind?: new (...args: never[]) => Error][] = [
    ["maxParallelTasks", (v) => new ParallelExecutionGates(tasks, { maxParallelTasks: v as number }), [
      0,
      1.5,
      Infinity,
    ], GateError],
    [
      "maxContextComplexity",
      (v) => new ParallelExecutionGates(tasks, { maxContextComplexity: v as number }),
      [0, 1.5, Infinity],
      GateError,
    ],
    ["gpu", (v) => new ParallelExecutionGates(tasks, { resourceLimits: { gpu: v as number } }), [0, Infinity]],
    ["gpu", (v) => new ConflictDetector([{ name: "a", resources: { gpu: v as number } }]), [0, Infinity], GateError],
    ["ifficulty", (v) => new ConflictDetector([{ name: "a", difficulty: v as number }]), [0, 11, 1.5], GateError],
    ["maxParallelTasks", (v) => new SafeParallelExecutor(tasks, work, { maxParallelTasks: v as number }), [0, 1.5]],
    ["lockTimeoutSeconds", (v) => new SafeParallelExecutor(tasks, work, { lockTimeoutSeconds: v as number }), [
      Infinity,
    ]],
    ["retryDelays", (v) => new SafeParallelExecutor(tasks, work, { retryDelays: [v as number] }), [Infinity]],
    ["retryDelays", () => new SafeParallelExecutor(tasks, work, { retryDelays: [] }), [0]],
    ["timeoutSeconds", (v) => new SafeParallelExecutor(tasks, work, { timeoutSeconds: v as number }), [0]],
    ["maxConcurrent", (v) => new DependencyAwareScheduler({ maxConcurrent: v as number }), [0, 1.5, -Infinity]],
    ["timeoutSeconds", (v) => scheduler.addTask("t", work, [], { timeoutSeconds: v as number }), [0]],
    ["retryCount", (v) => scheduler.addTask("t", work, [], { retryCount: v as number }), [1.5, Infinity]],
    ["retryDelayMs", (v) => scheduler.addTask("t", work, [], { retryDelayMs: v as number }), [Infinity]],
    ["foreignMaxAgeMs", (v) => new FileLockManager(place.path, { foreignMaxAgeMs: v as number }), []],
    ["timeoutMs", (v) => locks.acquire("f", "exclusive", { timeoutMs: v as number }), []],
    ["retryDelaysMs", (v) => locks.acquire("f", "exclusive", { timeoutMs: 0, retryDelaysMs: [v as number] }), []],
    ["timeoutMs", (v) => crew.taskLock("l").acquire({ timeoutMs: v as number }), []],
    ["maxParallelWorkers", (v) => new CrewTask({ id: "a", maxParallelWorkers: v as number }), [0, 1.5, Infinity]],
    ["heartbeatIntervalMs", (v) => new Crew([], { heartbeatIntervalMs: v as number }), [0, Infinity]],
    ["heartbeatTimeoutMs", (v) => new Crew([], { heartbeatTimeoutMs: v as number }), [0, Infinity]],
    ["maxFailedRetries", (v) => new Crew([], { maxFailedRetries: v as number }), [1.5, Infinity]],
    ["maxKilledRetries", (v) => new Crew([], { maxKilledRetries: v as number }), [1.5, Infinity]],
    ["maxParallelTasks", (v) => check(none, { maxParallelTasks: v as number }), [0, 1.5, Infinity], InputError],
    ["maxParallelTasks", (v) => batches(none, { maxParallelTasks: v as number }), [0, 1.5, Infinity], InputError],
    ["limit", (v) => history({ db: none, limit: v as number }), [0, 1.5, Infinity], InputError],
    ["prune", (v) => history({ db: none, prune: v as number }), [1.5, Infinity], InputError],
  ];
  const config = place.file("build.json"), file = place.file("tasks.txt");
  Deno.writeTextFileSync(config, '{"tasks":[{"name":"a","output":"o","content":""}]}');
  Deno.writeTextFileSync(file, "a: true\n");
  const runs: typeof calls = [
    ["workers", (v) => build(config, { workers: v as number }), [0, 1.5, Infinity], InputError],
    ["loadLimits.cpu", (v) => build(config, { loadLimits: { cpu: v as number } }), [0, 1.5], InputError],
    ["workers", (v) => run(file, { workers: v as number }), [0, 1.5, Infinity], InputError],
    ["timeoutMs", (v) => run(file, { timeoutMs: v as number }), [0, 1.5, Infinity], InputError],
  ];
  for (const [name, call, refused, kind = Error] of [...calls, ...runs]) {
    for (const value of [...NO_NUMBERS, ...refused]) {
      // For many options null is as good as none
      if (value === null && kind !== GateError) continue;
      const error = await refusal(() => call(value)).catch(() => {
        throw new Error(`${name} was taken as ${value}`);
      });
      assertInstanceOf(error, kind, `${name} ${value}: ${error}`);
      assertStringIncludes(error.message, name);
    }
  }
});

// K55, K77: a text would be taken letter by letter
Deno.test("texts where lists are meant are refused by gates", async () => {
  for (const key of ["dependencies", "reads", "writes", "shares"]) {
    const error = await refusal(() => new ConflictDetector([{ name: "a", [key]: "log" }]));
    assertInstanceOf(error, GateError);
    assertStringIncludes(error.message, `'${key}' of task 'a' must be a list of texts, not "log"`);
  }
});
