// Tasks by their names, and the config that is found here or above.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { dirname } from "@std/path";
import { type Ended, type Rig, rigTest, type RunChoices } from "../rig.ts";
import { executed } from "./said.ts";

function troupe(rig: Rig, args: string[], choices: RunChoices = {}): Promise<Ended> {
  return rig.build(args, { deno: ["run", "-A", `${dirname(rig.program)}/main.ts`], ...choices });
}

/** A small repository of packages, each with the same tasks. */
function packages(rig: Rig, names = ["utils", "web", "api"]): void {
  const tasks = names.flatMap((name) => [
    { name: `${name}:lint`, source_files: [`${name}/**`], output: `out/${name}.lint`, command: 'pwd > "$OUT"' },
    {
      name: `${name}:bundle`,
      dependencies: name === "utils" ? [] : ["utils:bundle"],
      output: `out/${name}.js`,
      content: name,
    },
  ]);
  rig.write("build.json", { tasks });
  for (const name of names) rig.write(`${name}/src/index.ts`, name);
}

// S6.2
rigTest(
  "tasks are built by their names and by patterns, with what they need, with and without `build`",
  async (rig) => {
    packages(rig);
    assertEquals(executed(await troupe(rig, ["web:bundle", "*:lint"])), [
      "api:lint",
      "utils:bundle",
      "utils:lint",
      "web:bundle",
      "web:lint",
    ]);
    assertEquals(executed(await troupe(rig, ["build", "api:*", "--force"])), [
      "api:bundle",
      "api:lint",
      "utils:bundle",
    ]);
    assertEquals(executed(await troupe(rig, ["build", "web:bundle", "-f", "-t", "api:l*"])), [
      "api:lint",
      "utils:bundle",
      "web:bundle",
    ]);
    // A flag may come first, and a build may be recorded as a run is.
    assertEquals(executed(await troupe(rig, ["-f", "utils:bundle"])), ["utils:bundle"]);
    const run = await troupe(rig, ["run", "utils:bundle", "--force"]);
    assertEquals(executed(run), ["utils:bundle"]);
    assertMatch(run.stdout, /Results saved to: taskrun\.db \(run #5\)/);
    const dry = await troupe(rig, ["build", "build.json", "utils:*", "-n", "--json"]);
    assertEquals(Object.keys(JSON.parse(dry.stdout).tasks), ["utils:lint", "utils:bundle"]);
  },
);

// S6.2
rigTest("what names nothing is told with the nearest commands and tasks", async (rig) => {
  packages(rig);
  const said = async (...args: string[]) => {
    const { code, stdout, stderr } = await rig.ask(args);
    assertEquals([code, stdout], [2, ""]);
    return stderr;
  };
  assertEquals(await said("web:bnudle"), "Unknown command or task 'web:bnudle', did you mean the task 'web:bundle'?\n");
  assertMatch(await said("bundle"), /did you mean one of the tasks 'utils:bundle', 'web:bundle' and 'api:bundle'\?\n$/);
  assertEquals(await said("wbe:*"), "No task matches 'wbe:*', did you mean 'web:*'?\n");
  assertEquals(await said("build", "web:lnt"), "Unknown task 'web:lnt', did you mean 'web:lint'?\n");
  assertEquals(await said("-t", "web:lnt"), "Unknown task 'web:lnt', did you mean 'web:lint'?\n");
  assertEquals(await said("web:lint", "z*"), "No task matches 'z*'\n");
  assertEquals(await said("run", "web:lnt"), "Unknown task 'web:lnt', did you mean 'web:lint'?\n");
  assertEquals(await said("check", "web:lnt"), "Unknown task 'web:lnt', did you mean 'web:lint'?\n");
  rig.remove("build.json");
  assertEquals(
    await said("web:lint"),
    "Unknown command 'web:lint'; see troupe --help\n  there is no build.json or build.jsonc here or above, so there are no tasks\n",
  );
  const none = "\n  there is no build.json or build.jsonc here or above";
  assertEquals(
    await said("build", "lint"),
    `Build configuration not found at path: lint${none} with a task of that name\n`,
  );
  assertEquals(await said("build"), "Build configuration not found at path: build.json\n");
  for (const command of ["check", "run"]) {
    assertEquals(await said(command, "lint"), `Task file not found at path: lint${none} with a task of that name\n`);
  }
});

// S6.2
rigTest("a config above is found, and all is as in its folder", async (rig) => {
  packages(rig);
  rig.write("web/conf/own.json", { tasks: [{ name: "own", output: "own.txt", content: "own" }] });
  const below = { cwd: "web/src" };
  const built = await troupe(rig, ["web:lint"], below);
  assertEquals(built.code, 0);
  assertEquals(built.stdout.split("\n")[0], `troupe: Entering directory '${rig.folder}' (../../build.json)`);
  assertEquals(rig.read("out/web.lint"), `${rig.folder}\n`);
  assertEquals(rig.files("web/src"), ["web/src/index.ts"]);
  // Its history is found from below, and from its folder.
  const show = await troupe(rig, ["show", "last", "--task", "web:lint"], below);
  assertEquals([show.code, (await troupe(rig, ["show", "last", "--task", "web:lint"])).stdout], [0, show.stdout]);
  assertMatch((await troupe(rig, ["history"], below)).stdout, /#1 \| .* 1 passed/);
  assertEquals(
    (await troupe(rig, ["retry", "last"], below)).stdout,
    `troupe: Entering directory '${rig.folder}' (../../build.json)\nNothing to retry: all tasks of run #1 passed\n`,
  );
  assertEquals((await troupe(rig, ["locks"], below)).stdout, "No locks held\n");
  // What it says can be typed where the user stands.
  rig.write("bad.json", { tasks: [{ name: "bad", output: "out/bad", command: "exit 3" }] });
  Deno.renameSync(rig.path("build.json"), rig.path("good.json"));
  Deno.renameSync(rig.path("bad.json"), rig.path("build.json"));
  const failed = await troupe(rig, ["bad"], below);
  assertStringIncludes(failed.stdout, "troupe show last --task bad · troupe retry last\n");
  assertEquals((await troupe(rig, ["show", "last", "--task", "bad"], below)).code, 0);
  rig.write("web/src/taskrun.db", "");
  assertStringIncludes((await troupe(rig, ["bad"], below)).stdout, "--task bad --db ../../taskrun.db · ");
  rig.remove("web/src/taskrun.db");
  Deno.renameSync(rig.path("good.json"), rig.path("build.json"));
  // What the user names is where the user stands.
  await troupe(rig, ["build", "-q", "--report", "report.json", "--db", "own.db", "--force", "web:lint"], below);
  assertEquals(rig.files("web/src"), ["index.ts", "own.db", "report.json"].map((name) => `web/src/${name}`));
  assertEquals(executed(await troupe(rig, ["build", "../conf/own.json"], below)), ["own"]);
  assert(rig.has("web/src/taskrun.db"), "a config that is named keeps its history where the user stands");
  // Also without anything but the door for the build, and quietly.
  assertEquals((await rig.build(["web:lint", "--force", "--quiet"], below)).stdout, "");
  rig.write("build.json", '{"tasks": [{"nam": 1}]}');
  assertStringIncludes((await troupe(rig, ["build"], below)).stderr, "--> ../../build.json:1:");
});

// S6.2
rigTest("a member of a crew, the crew, and the gates take names and find the config above", async (rig) => {
  packages(rig);
  const below = { cwd: "web/src" };
  const checked = await troupe(rig, ["check", "web:*", "api:lint", "--json"], below);
  assertEquals(JSON.parse(checked.stdout).task_count, 3);
  const batches = await troupe(rig, ["batches", "*:lint", "--json"], below);
  assertEquals(JSON.parse(batches.stdout).batches, [["utils:lint", "web:lint", "api:lint"]]);
  const joined = await troupe(rig, ["join", "web:*", "--json"], below);
  assertEquals([joined.code, JSON.parse(joined.stdout).total_tasks], [0, 3]);
  const crew = await troupe(rig, ["crew", "2", "*:lint", "-t", "api:bundle", "--json"], below);
  assertEquals([crew.code, JSON.parse(crew.stdout).total_tasks], [0, 5]);
  assertEquals((await troupe(rig, ["status"], below)).code, 0);
  assertEquals(rig.files("web/src"), ["web/src/index.ts"]);
  assert(rig.has("crew.sqlite"));
});

// S6.2
rigTest("a command wins over a task of its name, which build reaches", async (rig) => {
  rig.write("build.json", {
    tasks: ["check", "history", "x"].map((name) => ({ name, output: `out/${name}`, content: name })),
  });
  assertStringIncludes((await troupe(rig, ["check"])).stdout, "File conflicts");
  assertEquals(executed(await troupe(rig, ["build", "check"])), ["check"]);
  assertEquals(executed(await troupe(rig, ["--", "history"])), ["history"]);
});

// S6.2
rigTest("a word that looks like a path, or is one of a config, is a file; -c names one outright", async (rig) => {
  const one = (name: string) => ({ tasks: [{ name, output: `out/${name.replaceAll("/", "_")}`, content: name }] });
  rig.write("build.json", { tasks: [...one("a").tasks, ...one("lib/b").tasks, ...one("tool").tasks] });
  rig.write("other.json", one("o"));
  rig.write("plain", one("p"));
  rig.write("tool", "#!/bin/sh\nexit 1\n");
  rig.write("test/x", "");
  rig.write("script", "#!/bin/sh\nexit 1\n");
  rig.write("tasks.txt", "first: true\nsecond: true [after:first]\nthird: true\n");
  assertEquals(executed(await troupe(rig, ["build", "other.json"])), ["o"]);
  assertEquals(executed(await troupe(rig, ["other.json", "--force"])), ["o"]);
  assertEquals(executed(await troupe(rig, ["build", "plain"])), ["p"]);
  assertEquals(executed(await troupe(rig, ["build", "tool"])), ["tool"]);
  assertEquals(executed(await troupe(rig, ["-c", "other.json", "o", "-f"])), ["o"]);
  assertEquals(executed(await troupe(rig, ["build", "-c", "build.json", "lib/b"])), ["lib/b"]);
  assertMatch((await troupe(rig, ["run", "tasks.txt", "second"])).stdout, /^\[1\/2\] first[^]*2 passed/);
  assertMatch((await troupe(rig, ["tasks.txt", "f*"])).stdout, /1 passed/);
  assertMatch((await troupe(rig, ["run", "-c", "tasks.txt", "third"])).stdout, /^\[1\/1\] third/);
  const refused = await Promise.all([
    rig.ask(["build", "lib/b"]),
    rig.ask(["build", "missing/b"]),
    rig.ask(["build", "other.json", "plain.json"]),
    rig.ask(["build", "-c", "missing.json"]),
    rig.ask(["test"]),
    rig.ask(["build", "script"]),
    rig.ask(["script"]),
    rig.ask(["--versoin"]),
    rig.ask(["run", "tasks.txt", "frist"]),
  ]);
  assertEquals(refused.map(({ code }) => code), [2, 2, 2, 2, 2, 2, 2, 2, 2]);
  assertEquals(refused.map(({ stderr }) => stderr), [
    "Build configuration not found at path: lib/b\n  for the task of that name: --task lib/b\n",
    "Build configuration not found at path: missing/b\n",
    "Unexpected argument 'plain.json'; see troupe build --help\n",
    "Build configuration not found at path: missing.json\n",
    "Unknown command or task 'test'; see troupe --help and troupe list\n",
    "Unknown task 'script'\n  'script' is no config; if it is a task file: troupe run script\n",
    "Unknown command or task 'script'; see troupe --help and troupe list\n" +
    "  'script' is no config; if it is a task file: troupe run script\n",
    "Unknown flag '--versoin', did you mean '--version'?\n",
    "Unknown task 'frist', did you mean 'first'?\n",
  ]);
});

// S6.2
rigTest("hostile names are told and reached", async (rig) => {
  const names = ["-f", "--help", "a b", "*", "ü:日本", "\\", "$(touch pwned)"];
  rig.write("build.json", {
    tasks: names.map((name, index) => ({ name, output: `out/${index}`, content: name })),
  });
  assertEquals(executed(await troupe(rig, ["--", "-f", "--help"])), ["--help", "-f"]);
  assertEquals(executed(await troupe(rig, ["*"])), ["*"]);
  assertEquals(executed(await troupe(rig, ["ü:*", "\\", "$(touch pwned)", "a b"])), [
    "$(touch pwned)",
    "\\",
    "a b",
    "ü:日本",
  ]);
  assert(!rig.has("pwned"));
  assertMatch((await troupe(rig, ["x\x1b[2J"])).stderr, /^Unknown command or task 'x\\u001b\[2J'/);
});

// S6.2
rigTest("a config that a stranger may have put above is named before it is taken", async (rig) => {
  rig.write("shared/build.json", { tasks: [{ name: "a", output: "a", content: "a" }] });
  rig.write("shared/mine/x", "");
  Deno.chmodSync(rig.path("shared"), 0o1777);
  Deno.chownSync(rig.path("shared/build.json"), 12_345, 12_345);
  const { code, stderr } = await troupe(rig, ["build"], { cwd: "shared/mine" });
  assertEquals(code, 2);
  assertMatch(stderr, /^Config '\.\.\/build\.json' is somebody else's, in a folder that everybody may write to: /);
  assertEquals(executed(await troupe(rig, ["build", "../build.json"], { cwd: "shared/mine" })), ["a"]);
  Deno.chmodSync(rig.path("shared"), 0o755);
  assertEquals((await troupe(rig, ["build"], { cwd: "shared/mine" })).code, 0);
}, { ignore: Deno.uid() !== 0 });

// S6.2
rigTest("the nearest config counts, build.json before build.jsonc, and nothing but a file", async (rig) => {
  const one = (name: string) => JSON.stringify({ tasks: [{ name, output: "made", content: name }] });
  rig.write("build.json", one("root"));
  rig.write("pkg/build.jsonc", `// of the package\n${one("pkg")}`);
  rig.write("pkg/src/build.json/x", "a folder");
  const builtIn = async (cwd: string) => executed(await troupe(rig, ["-f"], { cwd }));
  assertEquals(await builtIn("pkg/src"), ["pkg"]);
  rig.write("pkg/build.json", one("both"));
  assertEquals(await builtIn("pkg/src"), ["both"]);
  assertEquals(await builtIn("pkg"), ["both"]);
  assertEquals(await builtIn("."), ["root"]);
  // By a link, what is above is what is above the folder that it leads to.
  Deno.symlinkSync(rig.path("pkg/src"), rig.path("link"));
  assertEquals(await builtIn("link"), ["both"]);
});
