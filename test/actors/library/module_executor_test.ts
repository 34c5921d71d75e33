// Tasks that are functions of modules, in threads of their own.
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { DependencyAwareScheduler } from "../../../actors/library/dependency_aware_scheduler.ts";
import { moduleExecutor, type ModuleExecutorOptions } from "../../../actors/library/module_executor.ts";
import { ThreadSafeState } from "../../../actors/library/thread_safe_state.ts";
import { lives, until } from "../../faults/rig.ts";
import { TempFolder } from "../temp_folder.ts";
import { fromFileUrl } from "@std/path";

const SAMPLES = new URL("./module_samples.ts", import.meta.url);

function sample(name: string, options: ModuleExecutorOptions = {}) {
  return moduleExecutor(SAMPLES, { ...options, export: name });
}

// S4.6
Deno.test("moduleExecutor() gives the function a copy of the context and brings back what it returns", async () => {
  const state = new ThreadSafeState({ limit: 3, env: "test", taskId: "hidden" });
  const scheduler = new DependencyAwareScheduler({ state });
  scheduler.addTask("n", () => new Map([["a", new Date(0)]]));
  scheduler.addTask("late", ({ state }) => state.set("later", 1));
  scheduler.addTask("given", moduleExecutor(SAMPLES), ["n", "late"], { metadata: { owner: "ada" } });
  scheduler.addTask("some", moduleExecutor(SAMPLES, { stateKeys: ["later", "n"] }), ["late"]);
  const { taskResults, taskErrors } = await scheduler.execute();
  assertEquals(taskErrors, {});
  const n = new Map([["a", new Date(0)]]);
  assertEquals(taskResults.given, {
    limit: 3,
    env: "test",
    taskId: "given",
    taskMetadata: { owner: "ada" },
    dependencyResults: { n, late: undefined },
    attempt: 1,
    isSignal: true,
  });
  const some = taskResults.some as Record<string, unknown>;
  assertEquals([some.later, some.n, "limit" in some, some.taskId], [1, n, false, "some"]);
  assertEquals(state.get("given"), taskResults.given);
});

// S4.5: each waits, without giving up its thread, until the other has come
Deno.test("moduleExecutor() runs functions that compute at the same time", async () => {
  const state = new ThreadSafeState({ meeting: new SharedArrayBuffer(8) });
  const scheduler = new DependencyAwareScheduler({ state });
  for (const place of [0, 1]) scheduler.addTask(`place_${place}`, sample("meet"), [], { metadata: { place } });
  assertEquals((await scheduler.execute()).taskResults, { place_0: "met", place_1: "met" });
});

Deno.test("moduleExecutor() uses a thread again within an execution, and not after it", async () => {
  const scheduler = new DependencyAwareScheduler({ maxConcurrent: 1 });
  for (const id of ["a", "b", "c"]) scheduler.addTask(id, sample("count"));
  const data = (n: number) => new URL(`data:text/javascript,export default () => ${n}`);
  scheduler.addTask("other", moduleExecutor(data(7)), ["a"]);
  for (let time = 0; time < 2; time++) {
    const { taskResults: { a, b, c, other } } = await scheduler.execute();
    assertEquals([a, other], [1, 7]);
    assert(b === 2 || c === 2, "no thread was used again");
  }
});

// S4.11
Deno.test("moduleExecutor() ends a function that never ends, and tries again", async () => {
  const meeting = new SharedArrayBuffer(8);
  const scheduler = new DependencyAwareScheduler({ state: new ThreadSafeState({ meeting }) });
  scheduler.addTask("spin", sample("blockOnce"), [], { timeoutSeconds: 3, retryCount: 1, retryDelayMs: 0 });
  scheduler.addTask("hang", sample("blockOnce"), [], { timeoutSeconds: 1 });
  try {
    const { taskResults, taskErrors } = await scheduler.execute();
    assertEquals([taskResults.spin, taskErrors.hang.message], [2, "Timed out after 1s"]);
  } finally {
    Atomics.store(new Int32Array(meeting), 0, 1);
  }
});

Deno.test("moduleExecutor() tells a function to stop, and has it do so, when the execution is cancelled", async () => {
  const meeting = new SharedArrayBuffer(8);
  const places = new Int32Array(meeting);
  const scheduler = new DependencyAwareScheduler({ state: new ThreadSafeState({ meeting }) });
  scheduler.addTask("listen", sample("listen"));
  const stop = new AbortController();
  const execution = scheduler.execute({ signal: stop.signal });
  await until(() => Atomics.load(places, 0) === 1, "the function listens");
  stop.abort();
  assertEquals((await execution).taskErrors.listen.name, "AbortError");
  assertEquals(Atomics.load(places, 1), 1);
});

Deno.test("moduleExecutor() has an attempt fail by whatever ends its function, and nothing else", async () => {
  const scheduler = new DependencyAwareScheduler();
  for (const name of ["exit", "stray", "refuse", "unsendable", "nobody"]) {
    scheduler.addTask(name, sample(name), [], { timeoutSeconds: 20 });
  }
  scheduler.addTask("missing", moduleExecutor(new URL("./no_such_module.ts", import.meta.url)));
  scheduler.addTask("well", sample("count"));
  const { taskErrors, taskResults } = await scheduler.execute();
  assertEquals(taskResults, { well: 1 });
  // Deno 2.4 does not tell of a thread that exits, so that its time has to end.
  assertMatch(taskErrors.exit.message, /ended: it exited with code 3$|^Timed out after 20s$/);
  assertEquals(taskErrors.stray.message, "Stray");
  assertEquals([taskErrors.refuse.name, taskErrors.refuse.message], ["RangeError", "Refused"]);
  assertStringIncludes(taskErrors.refuse.stack!, "module_samples.ts");
  assertEquals(taskErrors.unsendable.name, "DataCloneError");
  assertStringIncludes(taskErrors.nobody.message, "no exported function 'nobody'");
  assertStringIncludes(taskErrors.missing.message, "no_such_module.ts");
});

Deno.test("moduleExecutor() lets a function read its own modules, what it is permitted, and nothing else", async () => {
  using folder = new TempFolder();
  Deno.writeTextFileSync(folder.file("data.txt"), "data");
  Deno.writeTextFileSync(folder.file("helper.ts"), "export const one: number = 1;\n");
  Deno.writeTextFileSync(folder.file("main.ts"), 'import { one } from "./helper.ts";\nexport default () => one;\n');
  const path = folder.file("data.txt");
  const scheduler = new DependencyAwareScheduler();
  const options = { metadata: { path } };
  scheduler.addTask("own", moduleExecutor(`file://${folder.file("main.ts")}`));
  scheduler.addTask("refused", sample("read"), [], options);
  scheduler.addTask("permitted", sample("read", { permissions: { read: [folder.path] } }), [], options);
  scheduler.addTask("all", sample("read", { permissions: { read: true } }), [], options);
  const { taskErrors, taskResults } = await scheduler.execute();
  assertEquals(taskResults, { own: 1, permitted: "data", all: "data" });
  assertEquals(
    taskErrors.refused.message,
    `Module has no right to read '${path}': give it { permissions: { read: ["${path}"] } }`,
  );
});

Deno.test("moduleExecutor() says what cannot be sent to a module", async () => {
  const scheduler = new DependencyAwareScheduler({ state: new ThreadSafeState({ now: () => 1 }) });
  scheduler.addTask("fn", () => () => 1);
  scheduler.addTask("state", sample("count"));
  scheduler.addTask("result", sample("count", { stateKeys: [] }), ["fn"]);
  scheduler.addTask("metadata", sample("count", { stateKeys: [] }), [], { metadata: { fn: () => 1 } });
  scheduler.addTask("well", sample("count", { stateKeys: [] }));
  const { taskErrors, taskResults } = await scheduler.execute();
  assertEquals(Object.fromEntries(Object.entries(taskErrors).map(([id, { message }]) => [id, message])), {
    state: "Cannot send the key 'now' of the shared state to a module, since it cannot be cloned: " +
      "leave it out of 'stateKeys' of the executor",
    result: "Cannot send the result of task 'fn' to a module, since it cannot be cloned: return plain data from it",
    metadata: "Cannot send the metadata 'fn' to a module, since it cannot be cloned: use plain data",
  });
  assertEquals(taskResults.well, 1);
});

// K88
Deno.test("moduleExecutor() says how a path becomes a URL", () => {
  for (const module of ["./x.ts", "x.ts", "/x.ts", ""]) {
    const { message } = assertThrows(() => moduleExecutor(module), TypeError);
    const example = `new URL("${module}", import.meta.url)`;
    assertEquals(message, `The module of an executor must be a URL, not '${module}': write ${example}`);
  }
  assertEquals(moduleExecutor("data:text/javascript,").module.protocol, "data:");
});

/** In a process of its own. */
function alone(name: string, options: ModuleExecutorOptions = {}) {
  return sample(name, { ...options, isolate: "process" });
}

// K114, S4.6
Deno.test("moduleExecutor() in a process: the same context and answers, and a process for each call", async () => {
  const state = new ThreadSafeState({ limit: 3n });
  const scheduler = new DependencyAwareScheduler({ state, maxConcurrent: 1 });
  scheduler.addTask("n", () => new Map([["a", new Date(0)]]));
  scheduler.addTask("given", moduleExecutor(SAMPLES, { isolate: "process" }), ["n"], { metadata: { owner: "ada" } });
  for (const id of ["a", "b"]) scheduler.addTask(id, alone("count"));
  scheduler.addTask("pid", alone("pid"));
  const { taskResults, taskErrors } = await scheduler.execute();
  assertEquals(taskErrors, {});
  assertEquals(taskResults.given, {
    limit: 3n,
    taskId: "given",
    taskMetadata: { owner: "ada" },
    dependencyResults: { n: new Map([["a", new Date(0)]]) },
    attempt: 1,
    isSignal: true,
  });
  assertEquals([taskResults.a, taskResults.b], [1, 1]);
  assert(taskResults.pid !== Deno.pid);
});

// K114
Deno.test("moduleExecutor() in a process: whatever ends it, or cannot be sent, fails its attempt alone", async () => {
  using folder = new TempFolder();
  const path = folder.file("pid");
  const state = new ThreadSafeState({ meeting: new SharedArrayBuffer(8) });
  const scheduler = new DependencyAwareScheduler({ state });
  const none = { stateKeys: [] };
  for (const name of ["exit", "kill", "stray", "refuse", "unsendable", "shared", "nobody"]) {
    scheduler.addTask(name, alone(name, none));
  }
  scheduler.addTask("given", alone("count"));
  scheduler.addTask("read", alone("read", none), [], { metadata: { path } });
  const permissions = { write: [path] };
  const forever = { metadata: { path }, timeoutSeconds: 1 };
  scheduler.addTask("forever", alone("spinForever", { ...none, permissions }), [], forever);
  scheduler.addTask("well", alone("count", none));
  const { taskErrors, taskResults } = await scheduler.execute();
  assertEquals(taskResults, { well: 1 });
  const messages = Object.fromEntries(Object.entries(taskErrors).map(([id, { message }]) => [id, message]));
  const process = `Process of module '${SAMPLES.href}' ended: `;
  assertEquals(messages, {
    exit: `${process}it exited with code 3`,
    kill: `${process}it was ended by signal SIGKILL`,
    stray: "Stray",
    refuse: "Refused",
    unsendable: messages.unsendable,
    shared: messages.shared,
    nobody: messages.nobody,
    given: "Cannot send the key 'meeting' of the shared state to a module, since it cannot be cloned: " +
      "leave it out of 'stateKeys' of the executor",
    read: `Module has no right to read '${path}': give it { permissions: { read: ["${path}"] } }`,
    forever: "Timed out after 1s",
  });
  for (const id of ["unsendable", "shared"]) assertMatch(messages[id], /could not be cloned/);
  // It goes with the execution.
  assertEquals(lives(Number(Deno.readTextFileSync(path))), false);
});

// K114
Deno.test("moduleExecutor() refuses what no function can be isolated in", () => {
  const isolate = "procces" as "process";
  const { message } = assertThrows(() => moduleExecutor(SAMPLES, { isolate }), TypeError);
  assertEquals(message, `The option 'isolate' of an executor must be "process", not "procces"`);
});

// K114
Deno.test({
  name: "moduleExecutor() in a process says which right it lacks",
  permissions: { read: true, env: true, run: false },
  async fn() {
    const scheduler = new DependencyAwareScheduler();
    scheduler.addTask("a", alone("count"));
    const { taskErrors } = await scheduler.execute();
    assertStringIncludes(taskErrors.a.message, "need the right to run Deno: add --allow-run");
  },
});

// K115: a loop hears of no closed pipe
Deno.test({
  name: "moduleExecutor() in a process: whatever ends the program ends that too",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using place = new TempFolder();
    const pidFile = place.file("pid"), mod = import.meta.resolve("../../../mod.ts");
    const module = `export default () => { Deno.writeTextFileSync(${
      JSON.stringify(pidFile)
    }, Deno.pid + "."); for (;;); }`;
    const program = `import { DependencyAwareScheduler, moduleExecutor } from ${JSON.stringify(mod)};
      const scheduler = new DependencyAwareScheduler();
      const url = new URL(${JSON.stringify(`data:text/javascript,${encodeURIComponent(module)}`)});
      scheduler.addTask("a", moduleExecutor(url, { isolate: "process", permissions: { write: [${
      JSON.stringify(pidFile)
    }] } }));
      await scheduler.execute();`;
    Deno.writeTextFileSync(place.file("program.ts"), program);
    const config = fromFileUrl(import.meta.resolve("../../../deno.json"));
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--config", config, place.file("program.ts")],
      stdout: "null",
      stderr: "null",
    }).spawn();
    const pid = () => place.has("pid") ? Number.parseInt(Deno.readTextFileSync(pidFile)) || 0 : 0;
    await until(() => pid() > 0, "the function loops");
    child.kill("SIGKILL");
    await child.status;
    try {
      await until(() => !lives(pid()), "the process of the module ends", 10_000);
    } finally {
      if (lives(pid())) Deno.kill(pid(), "SIGKILL");
    }
  },
});
