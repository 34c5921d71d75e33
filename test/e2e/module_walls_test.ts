// What a module finds on its thread and what it leaves behind: nothing of troupe's, nothing of other tasks', no error unheard.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { builtinModules } from "node:module";
import { rigTest } from "../rig.ts";
import { configure, errors } from "./modules.ts";

// K24
rigTest(
  "an error that a function leaves to nobody fails its task, also after its artifact is in place",
  async (rig) => {
    rig.write(
      "tasks.js",
      `const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const save = async (ms) => { await later(ms); throw new Error("not saved"); };
    export const atOnce = () => { save(0); return "x"; };
    export const soon = () => { save(10); return "x"; };
    export const late = () => { save(300); return "x"; };
    export const thrown = () => { setTimeout(() => { throw new TypeError("from a timer"); }, 20); return "x"; };
    export const heard = async () => { const saving = save(10); saving.catch(() => {}); await later(30); return "x"; };
    export const quiet = () => { setInterval(() => {}, 1000); return "x"; };`,
    );
    const names = ["atOnce", "soon", "late", "thrown", "heard", "quiet"];
    configure(rig, Object.fromEntries(names.map((name) => [name, { module: "tasks.js" }])), 6);
    for (let time = 0; time < 2; time++) {
      const ended = await rig.build(["--json"]);
      assertEquals(ended.code, 1);
      const { results } = JSON.parse(ended.stdout);
      const failed = Object.fromEntries(names.map((name) => [name, results[name].error_message]));
      const notSaved = "Module failed: not saved";
      assertEquals(failed, {
        atOnce: notSaved,
        soon: notSaved,
        late: notSaved,
        thrown: "Module failed: TypeError: from a timer",
        heard: undefined,
        quiet: undefined,
      });
      assertMatch(
        ended.stderr,
        /Failed task 'late' after \S+ \(error: Module failed: not saved\)\nError: not saved\n {4}at save/,
      );
    }
  },
);

// K24
rigTest("an error out of a timer is the fault of the task that set it, whatever is called by then", async (rig) => {
  rig.write(
    "tasks.js",
    `const isThere = (path) => { try { Deno.statSync(path); return true; } catch { return false; } };
    const tell = (path) => Deno.writeTextFileSync(path, "");
    export const warm = () => "warm";
    export const timed = () => {
      setInterval(() => { if (isThere("called")) { tell("thrown"); throw new Error("timed"); } }, 10);
      return "x";
    };
    export const next = async () => {
      tell("called");
      while (!isThere("thrown")) await new Promise((resolve) => setTimeout(resolve, 10));
      return "next";
    };`,
  );
  const permissions = { read: ["called", "thrown"], write: ["called", "thrown"] };
  const task = (name: string, needs: string[]) => ({
    [name]: { module: "tasks.js", dependencies: needs, permissions },
  });
  configure(rig, { ...task("warm", []), ...task("timed", ["warm"]), ...task("next", ["timed"]) }, 1);
  assertEquals(errors(await rig.build()), { timed: "Module failed: timed" });
  assertEquals(rig.read("out/next"), "next");
});

// K26
rigTest("an error's causes, and the errors that it stands for, are printed below it", async (rig) => {
  rig.write(
    "tasks.js",
    `export const caused = () => { throw new Error("outer", { cause: new RangeError("inner", { cause: "the root" }) }); };
    export const many = () => Promise.any([Promise.reject(new Error("first")), Promise.reject("second")]);
    export const both = () => { throw new SuppressedError(new Error("on closing"), new Error("at work"), "two"); };
    export const like = () => { throw { message: "no instance", code: 5, cause: new Error("its cause") }; };
    export const bare = () => { throw { status: 500, headers: { "content-type": "text/html" }, body: "x".repeat(70) }; };`,
  );
  const names = ["caused", "many", "both", "like", "bare"];
  configure(rig, Object.fromEntries(names.map((name) => [name, { module: "tasks.js" }])), 1);
  const { stdout } = await rig.build();
  assertMatch(stdout, /SuppressedError: two\n {4}at both .*\n {2}Error 1 of 2: Error: on closing\n {6}at both .*/);
  assertMatch(stdout, /\n {2}Error 2 of 2: Error: at work\n/);
  assertMatch(stdout, /Module failed: no instance\)\nno instance\n {2}Caused by: Error: its cause\n/);
  assertMatch(stdout, /Module failed: \{ status: 500, headers: \{ .* \}, body: 'x{70}' \}\)\n/);
  assertMatch(
    stdout,
    /Error: outer\n {4}at caused .*\n {2}Caused by: RangeError: inner\n {6}at caused .*\n {4}Caused by: 'the root'\n/,
  );
  assertMatch(
    stdout,
    /AggregateError: All promises were rejected\n( {4}at .*\n)* {2}Error 1 of 2: Error: first\n {6}at many .*\n/,
  );
  assertStringIncludes(stdout, "  Error 2 of 2: 'second'\n");
});

// K113
rigTest("a module finds nothing of troupe's, and cannot answer for another's task", async (rig) => {
  rig.write(
    "thief.js",
    `import * as threads from "node:worker_threads";
    const found = [];
    for (const port of [MessagePort, threads.MessagePort]) {
      const { postMessage } = port.prototype;
      port.prototype.postMessage = function (...values) { found.push("a port"); return postMessage.apply(this, values); };
    }
    globalThis.stolen = "by the thief";
    Array.prototype.map = (() => { const real = Array.prototype.map; return function (...given) {
      return real.apply(this, given); }; })();
    export default ({ sources }) => {
      for (const name of ["workerData", "parentPort"]) if (threads[name]) found.push(name);
      if (threads.default.workerData) found.push("data");
      for (const event of ["unhandledRejection", "message"]) {
        for (const listener of process.listeners(event)) if (/port|calls/i.test(String(listener))) found.push(event);
      }
      if (Deno[Deno.internal]?.core !== undefined) found.push("internals");
      return JSON.stringify([found, typeof sources[0].text]);
    };`,
  );
  rig.write("victim.js", "export default () => String(globalThis.stolen);");
  rig.write("a.txt", "a");
  configure(rig, {
    thief: { module: "thief.js", export: "default", source_files: ["a.txt"] },
    victim: { module: "victim.js", export: "default", dependencies: ["thief"] },
  }, 1);
  const ended = await rig.build();
  assertEquals(errors(ended), {});
  assertEquals(rig.read("out/thief"), '[[],"function"]');
  assertEquals(rig.read("out/victim"), "undefined");
});

// K113
rigTest(
  "a module finds nothing that outlives a build or that troupe was told, in a thread, a process, or a thread of its own",
  async (rig) => {
    rig.write(
      "tasks.js",
      `const seen = '[typeof caches, typeof localStorage, typeof sessionStorage, Deno.args.length].join()';
    const nested = () => new Promise((resolve) => {
      new Worker("data:text/javascript,postMessage(" + seen + ")", { type: "module" }).onmessage = ({ data }) => resolve(data);
    });
    export const thread = async () => [(0, eval)(seen), await nested()].join("; ");
    export const alone = thread;`,
    );
    configure(rig, { thread: { module: "tasks.js" }, alone: { module: "tasks.js", isolate: "process" } });
    assertEquals(errors(await rig.build()), {});
    const nothing = "undefined,undefined,undefined,0";
    for (const name of ["thread", "alone"]) assertEquals(rig.read(`out/${name}`), `${nothing}; ${nothing}`);
  },
);

// K114
rigTest("a module may import all of Node's modules by name at once", async (rig) => {
  const names = builtinModules.filter((name) => !/^(_|node:|test$|sys$|wasi$)/.test(name));
  const imports = ["worker_threads", ...names].map((name, at) => `import * as m${at} from "node:${name}";\n`);
  rig.write("tasks.js", `${imports.join("")}export const all = () => String(typeof m0.Worker);`);
  configure(rig, { all: { module: "tasks.js" } });
  const ended = await rig.build();
  assertEquals(errors(ended), {});
  assertEquals(rig.read("out/all"), "function");
});

const REACHING = `
  import { kill } from "node:process";
  import { writeSync, writeFileSync } from "node:fs";
  import { execSync } from "node:child_process";
  import tty from "node:tty";
  import v8 from "node:v8";
  import { registerHooks } from "node:module";
  const refusal = (act) => { try { act(); return "done"; } catch (error) { return error.name; } };
  const bytes = new TextEncoder().encode("bytes\\n");
  export const ends = () => [
    () => Deno.kill(Deno.pid, "SIGKILL"),
    () => process.kill(process.pid, "SIGKILL"),
    () => kill(process.pid, "SIGKILL"),
    () => kill(-process.pid, "SIGSTOP"),
    () => kill(0, "SIGSTOP"),
    () => process.abort(),
    () => Deno.chdir("/"),
    () => v8.setFlagsFromString("--stack-size=1"),
    () => new tty.WriteStream(1),
    () => registerHooks({}),
    () => process.getBuiltinModule("node:process").abort(),
  ].map(refusal).join();
  export const prints = async () => {
    console.log("log %s", "formatted");
    console.table([{ a: 1 }]);
    console.group("group");
    console.dir({ a: 1 });
    console.groupEnd();
    await Deno.stdout.write(bytes);
    Deno.stderr.writeSync(bytes);
    process.stdout.write("process\\n");
    writeSync(1, "node\\n");
    writeFileSync(1, "file\\n");
    const writer = Deno.stdout.writable.getWriter();
    await writer.write(bytes);
    return "";
  };
  export const signals = () => {
    Deno.addSignalListener("SIGTERM", () => {});
    process.on("SIGINT", () => {});
    return "";
  };
  export const runs = async () => {
    await new Deno.Command("echo", { args: ["spawned"] }).spawn().status;
    await new Deno.Command("echo", { args: ["awaited"], stdout: "inherit" }).output();
    execSync("echo executed; echo failed >&2; cat", { stdio: "inherit" });
    return new TextDecoder().decode((await new Deno.Command("pwd").output()).stdout);
  };
  export const threads = async () => {
    const text = \`
      import { kill } from "node:process";
      const said = [];
      for (const act of [() => kill(process.pid, "SIGKILL"), () => Deno.kill(Deno.pid, "SIGKILL")]) {
        try { act(); said.push("done"); } catch (error) { said.push(error.name); }
      }
      console.log("from a thread");
      onmessage = ({ data }) => postMessage(data + said);\`;
    const worker = new Worker("data:text/javascript," + encodeURIComponent(text), { type: "module" });
    const answer = new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data));
    worker.postMessage("heard ");
    const made = await answer;
    worker.terminate();
    return made;
  };
`;

// K114
rigTest("a module ends no process but its thread, and writes nothing past --json", async (rig) => {
  rig.write("tasks.js", REACHING);
  const names = ["ends", "prints", "signals", "runs", "threads"];
  const run = { permissions: { run: true, env: ["NODE_V8_COVERAGE"] } };
  configure(
    rig,
    Object.fromEntries(names.map((name) => [name, { module: "tasks.js", ...(name === "runs" ? run : {}) }])),
  );
  const ended = await rig.build(["--json", "--verbose"]);
  assertEquals(ended.code, 0);
  assertEquals(JSON.parse(ended.stdout).completed, names.length);
  assertEquals(new Set(rig.read("out/ends").split(",")), new Set(["NotSupported"]));
  assertEquals(rig.read("out/threads"), "heard NotSupported,NotSupported");
  assertEquals(rig.read("out/runs").trim(), rig.folder);
  for (
    const said of [
      "log formatted\n",
      "group\n  { a: 1 }\n",
      "bytes\n",
      "process\n",
      "node\n",
      "file\n",
      "from a thread",
    ]
  ) {
    assertStringIncludes(ended.stderr, said);
  }
  for (const said of ["spawned\n", "awaited\n", "executed\n", "failed\n"]) assertStringIncludes(ended.stderr, said);
  assertEquals(ended.stderr.match(/bytes\n/g)?.length, 3);
  assert(!ended.stderr.includes("%s"));
});
