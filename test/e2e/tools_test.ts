// What tools say of themselves names the work of tasks that declare them.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { isThere } from "../../actors/machine/regular_file.ts";
import { until } from "../faults/rig.ts";
import { type Rig, rigTest } from "../rig.ts";
import { executed } from "./said.ts";

type Loose = Record<string, unknown>;

function task(name: string, more: Loose = {}): Loose {
  return { name, output_artifact: `out/${name}`, command: `echo ${name} > $OUT`, tools: ["./cc --version"], ...more };
}

/** A compiler that says its version, and takes note that it was asked. */
function writeTool(rig: Rig, version: string, more = ""): void {
  rig.write("cc", `#!/bin/sh\necho asked >> asked.txt\necho cc ${version}\n${more}`);
  Deno.chmodSync(rig.path("cc"), 0o755);
}

/** How often it was asked since that was last looked for. */
function asked(rig: Rig): number {
  const count = rig.has("asked.txt") ? rig.read("asked.txt").split("\n").length - 1 : 0;
  rig.remove("asked.txt");
  return count;
}

function reasons(stdout: string): Loose {
  return Object.fromEntries([...stdout.matchAll(/^Task '(.+)' must run: (.+)$/gm)].map(([, name, why]) => [name, why]));
}

// S5.11
rigTest("a task runs again when a tool says something else, and the tool is asked once a build", async (rig) => {
  writeTool(rig, "1");
  rig.write("build.json", { tasks: [task("a"), task("b"), task("plain", { tools: [] })] });
  assertEquals(executed(await rig.ask(["build"])), ["a", "b", "plain"]);
  assertEquals(asked(rig), 1);
  assertEquals(executed(await rig.ask(["build"])), []);
  assertEquals(asked(rig), 1);
  writeTool(rig, "2", "echo and more >&2\n");
  const looked = await rig.ask(["build", "--dry-run"]);
  assertStringIncludes(looked.stdout, "Task 'a' would run: tool changed: ./cc --version");
  const { stdout } = await rig.ask(["build", "--verbose", "--db", "h.db"]);
  const why = "tool changed: ./cc --version";
  assertEquals(reasons(stdout), { a: why, b: why });
  writeTool(rig, "2", "echo and less >&2\n"); // both streams count
  assertEquals(executed(await rig.ask(["build", "--db", "h.db"])), ["a", "b"]);
  const told = JSON.parse((await rig.ask(["why", "a", "--db", "h.db", "--json"])).stdout);
  assertEquals(told.last.reason, why);
  assertEquals(told.last.changes.map(({ what, name }: Loose) => [what, name]), [["tool", "./cc --version"]]);
  const said = await rig.ask(["why", "a", "--db", "h.db"]);
  assertMatch(said.stdout, /tool.*\.\/cc --version/);
});

// S5.11
rigTest("tools that a task begins or ceases to declare are a reason, and their order is none", async (rig) => {
  writeTool(rig, "1");
  const build = async (tools: string[]) => {
    rig.write("build.json", { tasks: [task("a", { tools })] });
    return reasons((await rig.ask(["build", "--verbose"])).stdout).a;
  };
  assertEquals(await build([]), "new");
  assertEquals(await build(["./cc --version"]), "tool added: ./cc --version");
  assertEquals(await build(["./cc --version", "echo 1"]), "tool added: echo 1");
  assertEquals(await build(["./cc --version", "echo 1", "echo 1"]), undefined);
  assertEquals(await build(["echo 1"]), "tool removed: ./cc --version");
});

// S5.11
rigTest("a tool is asked with the variables and in the folder of its task's command", async (rig) => {
  const tools = ['echo "$FLAVOUR in $PWD"'];
  rig.write("sub/x", "");
  const build = async (more: Loose) => {
    rig.write("build.json", { tasks: [task("a", { tools, ...more }), task("b", { tools })] });
    return executed(await rig.ask(["build"]));
  };
  assertEquals(await build({ env: { FLAVOUR: "sweet" } }), ["a", "b"]);
  assertEquals(await build({ env: { FLAVOUR: "sweet" } }), []);
  assertEquals(await build({ env: { FLAVOUR: "sour" } }), ["a"]);
  assertEquals(await build({ env: { FLAVOUR: "sour" }, cwd: "sub" }), ["a"]);
  // It has no part in what tells commands of their files.
  rig.write("build.json", { tasks: [task("a", { tools: ['echo "[$OUT$IN$TASK$DEPFILE]"; test -z "$OUT"'] })] });
  assertEquals((await rig.ask(["build"])).code, 0);
});

// S5.11
rigTest("a tool that fails fails its tasks, with what it printed, and no others", async (rig) => {
  writeTool(rig, "1", "echo no licence >&2\nexit 3\n");
  rig.write("build.json", { tasks: [task("a"), task("next", { dependencies: ["a"] }), task("plain", { tools: [] })] });
  const { code, stdout, stderr } = await rig.ask(["build"]);
  assertEquals(code, 1);
  assertStringIncludes(
    stdout,
    "Scheduler: Failed task 'a' after 0.00s (error: Tool './cc --version' failed: exit code 3)",
  );
  assertStringIncludes(stdout + stderr, "no licence");
  assertStringIncludes(stdout, "1 succeeded, 1 failed, 1 skipped");
  const looked = await rig.ask(["build", "--dry-run"]);
  assertStringIncludes(looked.stdout, "Task 'a' would run: Tool './cc --version' failed: exit code 3");
  rig.write("build.json", { tasks: [task("a", { tools: ["no-such-program --version"] })] });
  assertStringIncludes((await rig.ask(["build"])).stdout, "Tool 'no-such-program --version' failed: exit code 127");
  writeTool(rig, "1");
  rig.write("build.json", { tasks: [task("a")] });
  assertEquals((await rig.ask(["build"])).code, 0);
});

// S5.11
rigTest("a tool that a task makes is asked when it is made", async (rig) => {
  const make = {
    name: "cc",
    source_files: ["cc.in"],
    output_artifact: "bin/cc",
    command: "cp cc.in $OUT; chmod +x $OUT",
  };
  rig.write("cc.in", "#!/bin/sh\necho mine 1\n");
  rig.write("build.json", { tasks: [make, task("a", { after: ["cc"], tools: ["bin/cc --version"] })] });
  assertEquals(executed(await rig.ask(["build"])), ["a", "cc"]);
  assertEquals(executed(await rig.ask(["build"])), []);
  rig.write("cc.in", "#!/bin/sh\necho mine 2\n");
  const { stdout } = await rig.ask(["build", "--verbose"]);
  assertEquals(reasons(stdout).a, "tool changed: bin/cc --version");
  rig.write("cc.in", "#!/bin/sh\n# a comment\necho mine 2\n");
  assertEquals(executed(await rig.ask(["build"])), ["cc"]);
});

// S5.11
rigTest("many tools are asked some at a time", async (rig) => {
  rig.write("tool.sh", "mkdir at/$1 && ls at | wc -l >> most.txt; rmdir at/$1; echo $1\n");
  rig.write("at/.keep", "");
  const tasks = Array.from({ length: 60 }, (_, at) => task(`t${at}`, { tools: [`sh tool.sh ${at}`] }));
  rig.write("build.json", { tasks });
  assertEquals(executed(await rig.ask(["build"])).length, 60);
  const counts = rig.read("most.txt").trim().split("\n").map(Number);
  assertEquals(counts.length, 60);
  assert(Math.max(...counts) <= 16, `${counts}`);
});

// S5.11
rigTest("tools are asked side by side, and a stop ends those that hang", async (rig) => {
  const first = rig.hold("first"), second = rig.hold("second");
  // Both must have been started before either may end.
  const tools = [first, second].map(({ command }) => `(OUT=/dev/null; ${command})`);
  rig.write("build.json", { tasks: [task("a", { tools: [tools[0]] }), task("b", { tools: [tools[1]] })] });
  const running = rig.start(["build.json"]);
  await first.started();
  await second.started();
  running.kill("SIGTERM");
  const { code, stdout } = await running.ended;
  assertEquals(code, 143);
  assert(!stdout.includes("Started task"), stdout);
  assertStringIncludes(stdout, "0 succeeded, 0 failed, 2 skipped");
});

// S5.11, K115
rigTest("whatever ends a build or a look ends the tool that it is asking", async (rig) => {
  rig.write("build.json", { tasks: [task("a", { tools: ["echo $$ > pid; exec sleep 1000"] })] });
  const pid = () => rig.has("pid") ? rig.read("pid").trim() : "";
  const main = { deno: ["run", "-A", rig.program.replace(/build\.ts$/, "main.ts")] };
  for (const [signal, ...args] of [["SIGKILL", "build"], ["SIGINT", "list"], ["SIGTERM", "build", "-n"]] as const) {
    const running = rig.start(args, main);
    await until(() => pid() !== "", "the tool runs");
    running.kill(signal);
    await running.ended;
    try {
      await until(() => !isThere(`/proc/${pid()}`), `${signal} ends the tool of ${args}`, 10_000);
    } finally {
      if (isThere(`/proc/${pid()}`)) Deno.kill(Number(pid()), "SIGKILL");
    }
    rig.remove("pid");
  }
}, { ignore: Deno.build.os !== "linux" });
