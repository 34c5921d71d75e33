// Modules that have a process of their own: the same as in a thread, and nobody else's end.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname, fromFileUrl } from "@std/path";
import project from "../../deno.json" with { type: "json" };
import { isThere } from "../actors/process/living.ts";
import { plainText } from "../pty.ts";
import { type Ended, rigTest } from "../rig.ts";
import { configure, errors, type ModuleTask } from "./modules.ts";

const ROOT = dirname(dirname(dirname(fromFileUrl(import.meta.url))));
/** Some functions here call the C library themselves. */
const HAS_GLIBC = (() => {
  try {
    Deno.dlopen("libc.so.6", {}).close();
    return true;
  } catch {
    console.log("processes of modules that misbehave are not tested: there is no libc.so.6");
    return false;
  }
})();

const ALONE = { isolate: "process" };
/** Deno 2.4 lets nobody else send signals, not even to itself. */
const RUN = { permissions: { run: true } };

const FUNCTIONS = `
  import { readFileSync } from "node:fs";
  import { name } from "./helper.js";
  const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  export const given = ({ task, args, env, out, dependencies }) =>
    [task.replace(/_.*/, ""), args, env, Deno.env.get("DECLARED"), Deno.env.toObject(), Object.keys(dependencies).length,
      out.replace(/\\/[^/]*$/, ""), Deno.cwd(), name];
  export const reads = async ({ sources, dependencies }) => {
    const [small, large, comma] = sources;
    const artifact = await Object.values(dependencies)[0].text();
    return [await small.text(), (await large.read()).length, Deno.readTextFileSync("small.txt"),
      (await Deno.readFile(large.path)).length, (await comma.text()).length, artifact].join();
  };
  export const writes = ({ out }) => Deno.writeTextFile(out, "written");
  export const bytes = () => new Uint8Array(3_000_000).fill(65);
  export const response = () => new Response("a body");
  export const map = () => ({ a: new Map() });
  export const nothing = () => {};
  export const throws = () => { throw new Error("outer", { cause: new RangeError("inner") }); };
  export const late = () => { setTimeout(() => { throw new TypeError("too late"); }, 30); return "x"; };
  export const rejected = async () => { (async () => { throw new Error("nobody's"); })(); await later(50); return "x"; };
  export const exits = () => Deno.exit(3);
  export const syntax = () => import("./broken.js");
  export const read = () => Deno.readTextFileSync("/etc/hostname");
  export const nodeRead = () => readFileSync("/etc/hostname");
  export const write = () => { Deno.writeTextFileSync("/nowhere", "x"); return ""; };
  export const net = async () => { await Deno.connect({ hostname: "127.0.0.1", port: 1 }); return ""; };
  export const run = async () => (await new Deno.Command("true").output()).code + "";
  export const env = () => Deno.env.get("HOME") ?? "";
  export const nodeEnv = () => process.env.HOME ?? "";
  export const sets = () => { Deno.env.set("OTHER", "x"); return Deno.env.get("OTHER"); };
  export const ffi = () => { Deno.dlopen("/no/such/library.so", {}); return ""; };
  export const sys = () => Deno.hostname();
  export const remote = async () => { await import("https://exam" + "ple.invalid/x.js"); return ""; };
  export const request = async () => (await Deno.permissions.request({ name: "net" })).state;
  export const may = async () => [Deno.env.get("PATH") !== "", Deno.readTextFileSync("extra/x.txt"), Deno.hostname() !== "",
    (await new Deno.Command("pwd").output()).code, Deno.permissions.querySync({ name: "net" }).state];
  export const prints = ({ log }) => {
    log("logged", { a: 1 });
    console.error("%s error", "an");
    process.stdout.write("by node\\n");
    Deno.stdout.writeSync(new TextEncoder().encode("by Deno\\n"));
    return "";
  };
  export const stdin = () => [new Uint8Array(1)].map((bytes) => Deno.stdin.readSync(bytes));
`;

const NAMES = [...FUNCTIONS.matchAll(/export const (\w+)/g)].map(([, name]) => name);

/** Their errors may be another call's of the same thread (Deno 2.4), so that they have threads of their own. */
const LATE = ["late", "rejected"];
const fileOf = (name: string) => LATE.includes(name) ? name : "tasks";

/** The same task, called in a thread and in a process. */
const kinds = (name: string) => [`${name}_thread`, `${name}_process`];

// K114
rigTest("a function makes, may do, prints and fails in a process as in a thread", async (rig) => {
  for (const name of ["tasks", ...LATE]) rig.write(`${name}.js`, FUNCTIONS);
  rig.write("helper.js", "export const name = 'helped';");
  rig.write("broken.js", "export const = ;");
  rig.write("small.txt", "small");
  rig.write("large.txt", "x".repeat(2_000_000));
  rig.write("com,ma.txt", "x".repeat(100_000));
  rig.write("extra/x.txt", "extra");
  const more: Record<string, ModuleTask> = {
    given: { args: { a: [1, null] }, env: { DECLARED: "it" } },
    reads: { source_files: ["small.txt", "large.txt", "com,ma.txt"], dependencies: ["first"] },
    syntax: { source_files: ["broken.js"] },
    may: { permissions: { read: ["extra"], env: ["PATH"], sys: ["hostname"], run: ["pwd"] } },
  };
  const tasks = NAMES.flatMap((name) =>
    kinds(name).map((
      task,
      at,
    ) => [task, { module: `${fileOf(name)}.js`, export: name, ...more[name], ...(at > 0 ? ALONE : {}) }])
  );
  configure(rig, { first: { content: "first" }, ...Object.fromEntries(tasks) }, 2);
  const ended = await rig.build(["--json", "--verbose"]);
  assertEquals(ended.code, 1);
  const { results } = JSON.parse(ended.stdout);
  for (const name of NAMES) {
    const [thread, process] = kinds(name).map((task) => {
      const { status, error_message } = results[task];
      const said = error_message?.replaceAll(task, name);
      return { status, said, made: status === "completed" ? rig.read(`out/${task}`) : null };
    });
    assertEquals(process, thread, name);
  }
  assertEquals(results.may_process.status, "completed", results.may_process.error_message);
  const [asThread, asProcess] = kinds("prints").map((task) => printedBy(task, ended));
  assertEquals(asProcess, asThread);
  assertStringIncludes(asProcess, "logged { a: 1 }\n");
  const [told, toldToo] = kinds("throws").map((task) => printedBy(task, ended));
  assertStringIncludes(told, "Caused by: RangeError: inner");
  assertStringIncludes(toldToo, "Caused by: RangeError: inner");
});

/** What stands below a task's last line. */
function printedBy(task: string, { stderr }: Ended): string {
  const lines = stderr.split("\n");
  const at = lines.findIndex((line) => new RegExp(`: (Completed|Failed) task '${task}'`).test(line)) + 1;
  const end = lines.slice(at).findIndex((line) => /^(Worker \d|Task '|Build )/.test(line));
  return lines.slice(at, at + end).map((line) => `${line}\n`).join("");
}

// K114
rigTest("a module in a process of its own ends only itself: by signals, and by taking all memory", async (rig) => {
  rig.write(
    "tasks.js",
    `export const killed = () => { process.kill(process.pid, "SIGKILL"); for (;;); };
    export const denoKilled = () => { Deno.kill(Deno.pid, "SIGTERM"); for (;;); };
    export const aborted = () => process.abort();
    export const memory = () => {
      // It may take 1 GB of data, so that the machine does not suffer.
      const { symbols } = Deno.dlopen("libc.so.6", { setrlimit: { parameters: ["i32", "buffer"], result: "i32" } });
      symbols.setrlimit(2, new BigUint64Array([2n ** 30n, 2n ** 30n]));
      const kept = [];
      for (let size = 2 ** 26;;) {
        try {
          kept.push(new Uint8Array(size).fill(1));
        } catch {
          if (size > 4096) size /= 2;
          else new Array(2 ** 20).fill(0).map(() => kept.push({}));
        }
      }
    };
    export const well = ({ task }) => task;`,
  );
  const alone = (name: string, more: ModuleTask = {}) => ({ [name]: { module: "tasks.js", ...ALONE, ...more } });
  configure(rig, {
    memory: { module: "tasks.js", ...ALONE, permissions: { ffi: true } },
    ...alone("killed", RUN),
    ...alone("denoKilled", RUN),
    ...alone("aborted"),
    ...alone("well"),
    thread: { module: "tasks.js", export: "well" },
    command: { command: 'echo made > "$OUT"', dependencies: ["well"] },
  });
  const ended = await rig.build();
  assertEquals(ended.code, 1, ended.stderr);
  const { memory, ...others } = errors(ended);
  assertMatch(memory, /^Module failed: it (ran out of memory|was ended by signal SIG\w+)$/);
  assertMatch(others.aborted, /^Module failed: it (was ended by signal SIG\w+|exited with code \d+)$/);
  assertEquals(others, {
    killed: "Module failed: it was ended by signal SIGKILL",
    denoKilled: "Module failed: it was ended by signal SIGTERM",
    aborted: others.aborted,
  });
  assertEquals(["well", "thread", "command"].map((name) => rig.read(`out/${name}`)), ["well", "thread", "made\n"]);
}, { ignore: !HAS_GLIBC });

const HELD = `
  export default ({ args, out }) => {
    Deno.writeTextFileSync("up", String(Deno.pid));
    if (args.polite) return new Promise((resolve) => setInterval(() => {}, 1000));
    for (const nothing = new Int32Array(new SharedArrayBuffer(4));;) Atomics.wait(nothing, 0, 0, 50);
  };`;

// K114
rigTest("a module's process ends with its time, with Ctrl-C, and with a troupe that is killed", async (rig) => {
  rig.write("tasks.js", HELD);
  const held = (more: ModuleTask) =>
    configure(rig, {
      held: { module: "tasks.js", export: "default", permissions: { write: ["up"] }, ...ALONE, ...more },
    });
  const up = async () => {
    while (!rig.has("up") || rig.read("up") === "") await new Promise((resolve) => setTimeout(resolve, 5));
    const pid = Number(rig.read("up"));
    rig.remove("up");
    return pid;
  };
  const gone = async (pid: number) => {
    while (isThere(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  for (const args of [{ polite: true }, {}]) {
    held({ args, timeout: 2, grace: 0.1 });
    const timed = await rig.build();
    assertEquals(errors(timed), { held: "Timed out after 2s" });
    await gone(await up());
    held({ args, grace: 0.1 });
    for (const [signal, code] of [["SIGINT", 130], ["SIGKILL", 137]] as const) {
      const running = rig.start();
      const pid = await up();
      running.kill(signal);
      assertEquals((await running.ended).code, code);
      await gone(pid);
    }
  }
});

// K114
rigTest("what a module's process prints is limited, and what it prints past all guards is no answer", async (rig) => {
  rig.write(
    "tasks.js",
    `const bytes = (text) => new TextEncoder().encode(text);
    export const much = () => { for (let n = 0; n < 40_000; n++) console.log("line " + n + " " + "x".repeat(80)); throw "end"; };
    export const past = () => {
      const { symbols } = Deno.dlopen("libc.so.6", { write: { parameters: ["i32", "buffer", "usize"], result: "isize" } });
      const text = bytes("\\\\n00000000-0000-0000-0000-000000000000\\\\n\\\\x00\\\\x00\\\\x00\\\\x01past stdout\\\\n");
      symbols.write(1, text, BigInt(text.length));
      const error = bytes("past stderr\\\\n");
      symbols.write(2, error, BigInt(error.length));
      return "made";
    };`.replaceAll("\\\\", "\\"),
  );
  configure(rig, {
    much: { module: "tasks.js", ...ALONE },
    past: { module: "tasks.js", ...ALONE, permissions: { ffi: true } },
  });
  const ended = await rig.build(["--verbose"]);
  assertEquals(errors(ended), { much: "Module failed: 'end'" });
  assertStringIncludes(ended.stdout, "line 39999 ");
  assert(ended.stdout.length < 1_500_000, `${ended.stdout.length}`);
  assertEquals(rig.read("out/past"), "made");
  assertStringIncludes(ended.stdout, "past stdout\n");
}, { ignore: !HAS_GLIBC });

// K114, K59, K110
rigTest(
  "a module's process needs neither an option of Deno's nor a terminal that is closed, and works in a crew",
  async (rig) => {
    rig.write("deno.json", { imports: { ...project.imports, "#own": "./helper.js" } });
    rig.write("deno.lock", Deno.readTextFileSync(`${ROOT}/deno.lock`));
    rig.write("helper.js", "export const name = 'helped';");
    rig.write("tasks.js", "import { name } from '#own'; export default () => name;");
    const tasks = { own: { module: "tasks.js", export: "default", ...ALONE } };
    configure(rig, tasks);
    const deno = ["run", "-A", `--config=${rig.path("deno.json")}`, `${ROOT}/main.ts`];
    const joined = await rig.build(["join", "build.json", "--db", "crew.sqlite"], { deno });
    assertEquals([joined.code, rig.read("out/own")], [0, "helped"], joined.stderr);
    const terminal = rig.terminal(["build", "--force"], { deno: ["run", "-A", "--deny-ffi", ...deno.slice(2)] });
    assertEquals(await terminal.ended, 0, terminal.shown);
    const without = ["run", "--allow-read", "--allow-write", "--allow-env", "--allow-sys", "--allow-run=/bin/sh"];
    const refused = await rig.build(["build", "--force"], { deno: [...without, ...deno.slice(2)] });
    const sentence = 'Tasks with "isolate": "process" need the right to run Deno: add --allow-run\n';
    assertEquals([refused.code, plainText(refused.stderr)], [2, sentence]);
  },
);

// K114
rigTest(
  "where a function is called says nothing of what it makes: a change of it alone does nothing again",
  async (rig) => {
    rig.write("tasks.js", "export default () => 'made';");
    const task = { module: "tasks.js", export: "default" };
    configure(rig, { a: task });
    assertEquals((await rig.build()).code, 0);
    configure(rig, { a: { ...task, ...ALONE } });
    assertStringIncludes((await rig.build()).stdout, "Task 'a' skipped: cache hit");
    configure(rig, { b: { ...task, ...ALONE, permissions: { read: ["a,b"] } } });
    const sentence = `Module failed: Deno gives a process no right to what has a comma in its name: '${
      rig.path("a,b")
    }'`;
    assertEquals(errors(await rig.build()), { b: sentence });
  },
);
