// Sandboxes as their hosts see them. What modules of tasks may do there is in test/e2e/module_test.ts.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { Guards } from "../../../actors/sandbox/guards.ts";
import { keyOf } from "../../../actors/sandbox/permissions.ts";
import { type Connect, Sandbox } from "../../../actors/sandbox/sandbox.ts";
import { SandboxPool } from "../../../actors/sandbox/sandbox_pool.ts";
import { until } from "../../faults/rig.ts";
import { call, open } from "./sandbox_samples.ts";
import { TempFolder } from "../temp_folder.ts";

const CONFIG = fromFileUrl(new URL("../../../deno.json", import.meta.url));
const SAMPLES = fromFileUrl(new URL("./sandbox_samples.ts", import.meta.url));

Deno.test("Sandbox.call() brings back what a function returns or throws, and what it prints, over and over", async () => {
  using guards = new Guards();
  using sandbox = open(guards);
  await sandbox.ready;
  for (let time = 0; time < 3; time++) {
    const printed: string[] = [];
    assertEquals(await call(sandbox, "say", printed), { kind: "returned", value: "hello!" });
    assertEquals(printed, ["stdout: log { text: 'hello' }\n", "stdout: info hello\n", "stderr: told 1\n"]);
    const thrown = { name: "Error", message: "'hello'", stack: "" };
    assertEquals(await call(sandbox, "throwText"), { kind: "threw", thrown });
  }
  assert(sandbox.isOpen);
});

Deno.test("a sandbox has no permissions but those it was opened with", async () => {
  using guards = new Guards();
  using few = open(guards);
  using some = open(guards, { net: ["localhost"], env: true });
  await Promise.all([few.ready, some.ready]);
  const none = {
    read: "prompt",
    write: "prompt",
    net: "prompt",
    run: "prompt",
    env: "prompt",
    ffi: "prompt",
    sys: "prompt",
  };
  const stateOf = async (sandbox: typeof few) => {
    const answer = await call(sandbox, "rights");
    assert(answer.kind === "returned", JSON.stringify(answer));
    return JSON.parse(JSON.stringify(answer.value).replaceAll("denied", "prompt"));
  };
  assertEquals(await stateOf(few), none);
  assertEquals(await stateOf(some), { ...none, env: "granted" });
});

Deno.test("a sandbox whose function exits is closed, says with which code, and stays so", async () => {
  using guards = new Guards();
  using sandbox = open(guards);
  assertEquals(await call(sandbox, "exit"), { kind: "ended", detail: "it exited with code 7" });
  assert(!sandbox.isOpen);
  assertEquals(await call(sandbox, "say"), { kind: "ended", detail: "it exited with code 7" });
});

Deno.test("Sandbox.abort() tells the function, which may answer, and says why", async () => {
  using guards = new Guards();
  using sandbox = open(guards);
  for (
    const [reason, value] of [["timeout", "TimeoutError: timeout"], ["cancelled", "AbortError: cancelled"]] as const
  ) {
    const printed: string[] = [];
    const answer = call(sandbox, "wait", printed);
    await until(() => printed.length > 0, "the function waits");
    sandbox.abort(reason);
    assertEquals(await answer, { kind: "returned", value });
  }
});

// K21
Deno.test("Sandbox.abort() ends a function that cannot hear it, and no other", async () => {
  using guards = new Guards();
  using looping = open(guards), hanging = open(guards);
  const printed: string[] = [], others: string[] = [];
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const answer = call(looping, "loop", printed, { flag }), other = call(hanging, "hang", others);
  await until(() => printed.length > 0 && others.length > 0, "the functions run");
  hanging.abort("timeout");
  looping.abort("timeout");
  assertEquals(await answer, { kind: "ended", detail: "it was ended" });
  assert(hanging.isOpen);
  hanging[Symbol.dispose]();
  await other;
  Atomics.store(flag, 0, 1); // where Deno does not end a loop
});

Deno.test("a sandbox that is ended while it is called, or before it is ready, answers", async () => {
  using guards = new Guards();
  using sandbox = open(guards);
  const printed: string[] = [];
  const answer = call(sandbox, "hang", printed);
  await until(() => printed.length > 0, "the function hangs");
  sandbox[Symbol.dispose]();
  sandbox[Symbol.dispose]();
  assertEquals(await answer, { kind: "ended", detail: "it was ended" });
  using early = open(guards);
  const none = call(early, "say");
  early[Symbol.dispose]();
  await early.ready;
  assertEquals(await none, { kind: "ended", detail: "it was ended" });
});

Deno.test("a function that runs out of memory ends its sandbox, and neither the process nor the next one", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--v8-flags=--max-old-space-size=64", SAMPLES],
    env: { NO_COLOR: "1" },
  }).output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const [full, next] = lines.map((line) => JSON.parse(line));
  assertMatch(full.detail ?? full.thrown.message, /out of memory|memory limit/i);
  assertEquals(next, { kind: "returned", value: "hello!" });
});

Deno.test("a sandbox with permissions that the process itself lacks cannot be started, and says so", async () => {
  using folder = new TempFolder();
  const modules = ["guards", "sandbox"].map((name) => import.meta.resolve(`../../../actors/sandbox/${name}.ts`));
  Deno.writeTextFileSync(
    folder.file("program.ts"),
    `import { Guards } from "${modules[0]}";
    import { Sandbox } from "${modules[1]}";
    using guards = new Guards();
    using sandbox = new Sandbox({ net: true }, (permissions, ports) => guards.connect(permissions, ports));
    const answer = sandbox.call({ module: "data:text/javascript,", export: "x", argument: {} });
    await sandbox.ready;
    console.log(JSON.stringify(await answer), sandbox.isOpen);`,
  );
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--no-prompt", `--config=${CONFIG}`, folder.file("program.ts")],
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stdout);
  assertMatch(said, /^\{"kind":"ended","detail":".*(permission|access|escalate).*"\} false\n$/i);
});

// S7.8
Deno.test({
  name:
    "a sandbox that was expected has the thread that was started for it, and none that was not is in the way of the end",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using folder = new TempFolder();
    const modules = ["guards", "sandbox"].map((name) => import.meta.resolve(`../../../actors/sandbox/${name}.ts`));
    Deno.writeTextFileSync(folder.file("m.js"), "export const f = () => 7;");
    Deno.writeTextFileSync(
      folder.file("program.ts"),
      `import { Guards } from "${modules[0]}";
      import { Sandbox } from "${modules[1]}";
      const folder = ${JSON.stringify(folder.path)};
      const expect = (own: string[]) => guards.expect({ work: { kind: "module", module: "", export: "", args: [] }, own, dependencyArtifacts: [] }, folder);
      const threads = () => [...Deno.readDirSync("/proc/self/task")].filter(({ name }) =>
        /^worker-/.test(Deno.readTextFileSync("/proc/self/task/" + name + "/comm"))
      ).length;
      using guards = new Guards();
      expect(["m.js"]);
      using sandbox = new Sandbox({ read: [folder + "/m.js"] }, (permissions, ports) => guards.connect(permissions, ports));
      await sandbox.ready;
      const answer = await sandbox.call({ module: "file://" + folder + "/m.js", export: "f", argument: {} });
      console.log(JSON.stringify(answer), threads());
      await expect(["other.js"]);`,
    );
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", `--config=${CONFIG}`, folder.file("program.ts")],
      env: { NO_COLOR: "1" },
    }).output();
    // The guard's, and its own.
    assertEquals(new TextDecoder().decode(stdout), '{"kind":"returned","value":7} 2\n');
  },
});

Deno.test("keyOf() is the same for the same permissions, in whatever order, and for no others", () => {
  assertEquals(keyOf({ read: ["b", "a"], net: true }), keyOf({ net: true, read: ["a", "b"] }));
  assertEquals(keyOf({ read: undefined }), keyOf({}));
  const all = [{}, { read: true }, { read: [] }, { read: ["a"] }, { read: ["a", "b"] }, { write: ["a"] }, {
    net: true,
  }];
  assertEquals(new Set(all.map((permissions) => keyOf(permissions as Parameters<typeof keyOf>[0]))).size, all.length);
});

Deno.test("SandboxPool.take() answers with the one at hand, a new one for one that has ended, and keeps few", async () => {
  using guards = new Guards();
  let connected = 0;
  const connect: Connect = (permissions, ports) => {
    connected++;
    guards.connect(permissions, ports);
  };
  using pool = new SandboxPool(4, { connect, connectAlone: connect });
  const use = async (variable: string, module = "file:///m.ts") => {
    const sandbox = await pool.take(module, { env: [variable] });
    pool.giveBack(sandbox);
    return sandbox;
  };
  const first = await use("A0");
  assert(await use("A0") === first);
  first[Symbol.dispose]();
  const second = await use("A0");
  assert(second !== first && second.isOpen);
  for (let i = 1; i < 4; i++) await use(`A${i}`);
  assert(second.isOpen && await use("A0") === second);
  const oldest = await use("A1");
  for (const variable of ["A2", "A3", "A0", "A4"]) await use(variable);
  assert(!oldest.isOpen && second.isOpen);
  assertEquals(connected, 6);
  assert(await use("A0", "file:///other.ts") !== second, "another module has a thread of its own"); // K113
  await pool.finish();
  assert(!second.isOpen);
});

Deno.test("SandboxPool.take() has no more threads than there may be: it waits for one to be given back or to end", async () => {
  using guards = new Guards();
  const connect: Connect = (permissions, ports) => guards.connect(permissions, ports);
  using pool = new SandboxPool(2, { connect, connectAlone: connect });
  const [a, b] = [await pool.take("file:///a.ts", {}), await pool.take("file:///b.ts", {})];
  const again = pool.take("file:///a.ts", {});
  const stop = new AbortController();
  const given = pool.take("file:///c.ts", {}, { signal: stop.signal });
  stop.abort();
  await assertRejects(() => given, "AbortError");
  pool.giveBack(a);
  assert(await again === a);
  const other = pool.take("file:///d.ts", {});
  pool.giveBack(b);
  assert(await other !== b && !b.isOpen, "the one nobody has makes room");
  pool.giveBack(a);
  const alone = await pool.take("file:///a.ts", {}, { isAlone: true });
  assert(alone !== a && !a.isOpen, "one for a call alone needs room as well");
  pool.giveBack(alone);
  assert(await pool.take("file:///a.ts", {}, { isAlone: true }) !== alone);
});

Deno.test("Guards end one whose sandboxes have all ended, and start it again", async () => {
  const { Worker: Real } = globalThis;
  const living = new Set<string>();
  let started = 0;
  globalThis.Worker = class extends Real {
    readonly #id = `${++started}`;
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      living.add(this.#id);
    }
    override terminate(): void {
      living.delete(this.#id);
      super.terminate();
    }
  };
  try {
    using guards = new Guards();
    for (let i = 0; i < 3; i++) {
      using sandbox = open(guards, { env: [`A${i}`] });
      await sandbox.ready;
    }
    await until(() => living.size === 0, "the guards have ended");
    using sandbox = open(guards, { env: ["A0"] });
    assertEquals(await call(sandbox, "say"), { kind: "returned", value: "hello!" });
    assertEquals([started, living.size], [4, 1]);
  } finally {
    globalThis.Worker = Real;
  }
});

// K114
Deno.test({
  name: "a sandbox whose guard is gone has ended, whatever was called, and so has one that never came to be",
  ignore: Deno.version.deno.startsWith("2.4."), // which does not tell of ports whose other end is gone
  fn: async () => {
    const guards = new Guards();
    using sandbox = open(guards);
    await sandbox.ready;
    const answer = call(sandbox, "hang");
    guards[Symbol.dispose]();
    const ended = { kind: "ended" as const, detail: "its end was not told" };
    assertEquals(await answer, ended);
    assert(!sandbox.isOpen);
    using none = new Sandbox({}, (_permissions, { control }) => control.close());
    await none.ready;
    assertEquals(await call(none, "say"), ended);
  },
});
