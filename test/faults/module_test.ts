// Functions of modules that misbehave: whatever they do ends their task and nothing else.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { assertDone, type Ended, lives, Project, said, until } from "./rig.ts";

const MODULE = `
import process from "node:process";
export const loop = () => { for (;;); };
export const late = () => { for (;;) try { for (;;); } catch { /* go on */ } };
export const deaf = () => new Promise(() => setInterval(() => {}, 1000));
export const polite = ({ signal }) => new Promise((_, reject) => {
  signal.addEventListener("abort", () => reject(signal.reason));
});
export const exit = () => Deno.exit(3);
export const processExit = () => process.exit(4);
export const timer = () => new Promise(() => setTimeout(() => { throw new Error("from a timer"); }, 10));
export const rejection = () => new Promise(() => { Promise.reject(new Error("nobody heard")); });
export const memory = () => { const kept = []; for (;;) kept.push(new Array(100_000).fill(kept.length)); };
export const well = ({ task }) => task;
export const broken = () => { throw new Error("broken"); };
export const held = ({ task, args }) => {
  if (args.go) return "right " + task;
  Deno.writeTextFileSync("up-" + task, "");
  if (args.loop) for (const nothing = new Int32Array(new SharedArrayBuffer(4));;) Atomics.wait(nothing, 0, 0, 50);
  return new Promise(() => setInterval(() => {}, 1000));
};
export const starts = async ({ task, args, out }) => {
  const folder = out.slice(0, out.lastIndexOf("/out/"));
  const text = "echo $$ > " + folder + "/pid-" + task + "; exec sleep 61";
  const child = new Deno.Command("setsid", { args: ["sh", "-c", text] }).spawn();
  if (args.waits) await child.status;
  for (;;) if (await new Deno.Command("test", { args: ["-s", folder + "/pid-" + task] }).output().then((o) => o.success)) break;
  child.unref();
  return "started";
};
`;

interface Spec {
  readonly [key: string]: unknown;
}

/** A project whose tasks call the functions of their names, two at a time, or do what they say. */
function projectOf(tasks: Readonly<Record<string, Spec>>): Project {
  const project = new Project();
  project.write("tasks.js", MODULE);
  configure(project, tasks);
  return project;
}

function configure(project: Project, tasks: Readonly<Record<string, Spec>>): void {
  const list = Object.entries(tasks).map(([name, task]) => ({
    name,
    output: `out/${name}`,
    ...("command" in task ? {} : { module: "tasks.js", export: name }),
    ...task,
  }));
  project.write("build.json", JSON.stringify({ num_workers: 2, tasks: list }));
}

function errors({ stdout }: Ended): Record<string, string> {
  const found = stdout.matchAll(/: (Failed|Cancelled) task '(.+)' after \S+(?: \(error: (.+)\))?$/gm);
  return Object.fromEntries([...found].map(([, word, name, error = word]) => [name, error]));
}

const WELL = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`well${i}`, { export: "well" }]));

function assertWell(project: Project): void {
  for (const name of Object.keys(WELL)) assertEquals(project.read(`out/${name}`), name);
  assertEquals(project.temporaries(), []);
}

// S0.32, S0.47
Deno.test("a function that never ends is ended by its timeout; the others go on and the build ends", async () => {
  using project = projectOf({
    loop: { timeout: 1, grace: 600 },
    late: { timeout: 1, grace: 0.1 },
    deaf: { timeout: 1, grace: 0.1 },
    polite: { timeout: 1 },
    after: { command: 'echo > "$OUT"', dependencies: ["loop"] },
    ...WELL,
  });
  const ended = await project.build();
  assertEquals(ended.code, 1, said(ended));
  const timedOut = "Timed out after 1s";
  assertEquals(errors(ended), { loop: timedOut, late: timedOut, deaf: timedOut, polite: timedOut });
  assertStringIncludes(ended.stdout, "6 succeeded, 4 failed, 1 skipped");
  assertWell(project);
});

// S0.32
Deno.test("a function that exits, or breaks outside of its call, fails its task, is retried, and the others go on", async () => {
  using project = projectOf({ exit: { retries: 1 }, processExit: {}, timer: {}, rejection: {}, ...WELL });
  const ended = await project.build();
  assertEquals(ended.code, 1, said(ended));
  const { exit, processExit, ...others } = errors(ended);
  assertEquals(exit, "Module failed: it exited with code 3");
  // Deno 2.4 keeps the code to itself.
  assertMatch(processExit, /^Module failed: it exited with code [04]$/);
  assertEquals(others, { timer: "Module failed: from a timer", rejection: "Module failed: nobody heard" });
  assertEquals(ended.stdout.match(/Started task 'exit'/g)?.length, 2);
  assertWell(project);
});

Deno.test({
  name: "a function that runs out of memory fails its task, and the others go on",
  // There a thread that has no memory left takes the process along.
  ignore: Deno.version.deno.startsWith("2.4."),
  fn: async () => {
    using project = projectOf({ memory: {}, ...WELL });
    const ended = await project.build({ env: { DENO_V8_FLAGS: "--max-old-space-size=64" } });
    assertEquals(ended.code, 1, said(ended));
    assertMatch(errors(ended).memory, /^Module failed: .*memory/);
    assertWell(project);
  },
});

const HELD = { export: "held", permissions: { write: ["."] } };

async function startHeld(project: Project, names: readonly string[]) {
  const running = project.start({ args: ["--grace", "0.1"] });
  await until(() => names.every((name) => project.has(`up-${name}`)), "the functions run", 20_000);
  return running;
}

async function assertNextIsRight(project: Project): Promise<void> {
  configure(project, { a: { ...HELD, args: { go: true } }, b: { ...HELD, args: { go: true } }, ...WELL });
  const next = await project.build();
  assertDone(next);
  assertEquals(next.stderr, "");
  assertEquals([project.read("out/a"), project.read("out/b")], ["right a", "right b"]);
  assertWell(project);
}

// S0.48
Deno.test("SIGINT ends functions that wait and functions that never would, and exits 130", async () => {
  using project = projectOf({ a: { ...HELD, args: {} }, b: { ...HELD, args: { loop: true } }, ...WELL });
  const running = await startHeld(project, ["a", "b"]);
  running.kill("SIGINT");
  const ended = await running.ended;
  assertEquals(ended.code, 130, said(ended));
  assertEquals(errors(ended), { a: "Cancelled", b: "Cancelled" }, said(ended));
  assert(!/bug|\n\s+at /i.test(ended.stderr), said(ended));
  assertEquals(project.has("out/a"), false);
  await assertNextIsRight(project);
});

Deno.test("a second SIGINT ends functions at once, even where their threads have not started", async () => {
  using project = projectOf({ a: { ...HELD, args: {} }, b: { ...HELD, args: { loop: true } }, ...WELL });
  const running = project.start();
  await until(() => running.stdout.includes("Started task"), "the first task is started", 20_000);
  running.kill("SIGINT");
  running.kill("SIGINT");
  const ended = await running.ended;
  assertEquals(ended.code, 130, said(ended));
  assert(!/bug|\n\s+at /i.test(ended.stderr), said(ended));
  await assertNextIsRight(project);
});

// S0.39
Deno.test("kill -9 while functions run: nothing of them is left, and the next build is right", async () => {
  using project = projectOf({ a: { ...HELD, args: {} }, b: { ...HELD, args: { loop: true } }, ...WELL });
  const running = await startHeld(project, ["a", "b"]);
  running.kill("SIGKILL");
  assertEquals((await running.ended).signal, "SIGKILL");
  assertEquals([lives(running.pid), project.has("out/a"), project.temporaries()], [false, false, []]);
  await assertNextIsRight(project);
});

// K115
Deno.test("what a function has started ends with the build, also with one that is killed", async () => {
  const rights = { export: "starts", permissions: { run: true } };
  using project = projectOf({ a: { ...rights, args: {} } });
  assertDone(await project.build());
  assertEquals([project.read("out/a"), lives(Number(project.read("pid-a")))], ["started", false]);
  configure(project, { b: { ...rights, args: { waits: true } } });
  const running = project.start();
  await until(() => project.has("pid-b") && project.read("pid-b") !== "", "the command runs", 20_000);
  const pid = Number(project.read("pid-b"));
  assert(lives(pid));
  running.kill("SIGKILL");
  await running.ended;
  await until(() => !lives(pid), "the command has ended");
});

Deno.test("a transaction in which a function fails leaves everything as it was", async () => {
  using project = projectOf({ well: {}, broken: { export: "well", dependencies: ["well"] } });
  assertDone(await project.build());
  project.write("tasks.js", MODULE.replace("=> task;", "=> `new ${task}`;"));
  configure(project, { well: {}, broken: { dependencies: ["well"] } });
  const ended = await project.build({ args: ["--transaction"] });
  assertEquals(ended.code, 1, said(ended));
  assertEquals(errors(ended), { broken: "Module failed: broken" });
  assertEquals([project.read("out/well"), project.read("out/broken")], ["well", "broken"]);
  assertEquals(project.files().filter((name) => name.includes("transaction")), []);
});
