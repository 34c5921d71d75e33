// A config that is wrong: every diagnostic is told, nothing is started and nothing written.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { type Rig, rigTest } from "../rig.ts";

const ERRORS = fromFileUrl(new URL("../../fixtures/errors", import.meta.url));

/** Builds and checks that it is refused without anything being touched; answers with what was said. */
async function refused(rig: Rig, args: string[] = [], cwd = "."): Promise<string> {
  const before = rig.files();
  const { code, stdout, stderr } = await rig.ask(["build", ...args], { cwd });
  assertEquals({ code, stdout }, { code: 2, stdout: "" }, `${cwd} ${args.join(" ")}`);
  assertEquals(rig.files(), before);
  assertEquals([...Deno.readDirSync(rig.tmp)], []);
  return stderr;
}

// S0.3, S0.4, S0.5, S0.6, S0.9, S0.10
rigTest("build refuses each of fixtures/errors, in the words that stand beside it", async (rig) => {
  const fixtures = [...Deno.readDirSync(ERRORS)].filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  assert(fixtures.length > 10);
  for (const name of fixtures.sort()) {
    const [config] = [...Deno.readDirSync(`${ERRORS}/${name}`)].filter((file) => file.name.startsWith("build.json"));
    rig.write(`${name}/build.json`, Deno.readTextFileSync(`${ERRORS}/${name}/${config.name}`));
    const said = await refused(rig, [], name);
    for (const line of Deno.readTextFileSync(`${ERRORS}/${name}/expected.txt`).split("\n")) {
      assertStringIncludes(said, line, name);
    }
  }
});

// S0.4, S0.5, S0.6, S0.10
rigTest("build tells all diagnostics at once, each on a line of its own", async (rig) => {
  rig.write("build.json", Deno.readTextFileSync(`${ERRORS}/many/build.json`));
  const said = (await refused(rig)).split("\n");
  for (const line of Deno.readTextFileSync(`${ERRORS}/many/expected.txt`).trimEnd().split("\n")) {
    assert(said.includes(line), line);
  }
});

// S0.2
rigTest("build says that there is no config at a path", async (rig) => {
  assertEquals(await refused(rig, ["no/such.json"]), "Build configuration not found at path: no/such.json\n");
  assertEquals(await refused(rig), "Build configuration not found at path: build.json\n");
});

rigTest("build says why a config cannot be read", async (rig) => {
  rig.write("folder.json/x", "");
  assertStringIncludes(
    await refused(rig, ["folder.json"]),
    "Cannot read build configuration 'folder.json': not a regular file",
  );
});

// S0.3: V8 gives no position for an empty text
rigTest("build shows the place of a syntax error", async (rig) => {
  rig.write("build.json", '{\n  "tasks": [\n    {"name" "a"}\n  ]\n}\n');
  const said = await refused(rig);
  assert(/^Invalid JSON at line 3, column 13: /.test(said), said);
  assertStringIncludes(said, "--> build.json:3:13");
});

// S0.4
rigTest("build points at an unknown dependency and guesses what was meant", async (rig) => {
  rig.write(
    "build.json",
    '{ "tasks": [\n' +
      '  {"name": "assets", "output": "a"},\n' +
      '  {"name": "site", "output": "s",\n   "dependencies": ["asets"]}\n] }\n',
  );
  assertEquals(
    await refused(rig),
    [
      "Task 'site' depends on unknown task 'asets'",
      "  --> build.json:4:21",
      '4 |    "dependencies": ["asets"]}',
      "  |                     ^^^^^^^ did you mean 'assets'?",
      "",
    ].join("\n"),
  );
});

// S0.6
rigTest("build compares outputs as paths, not as text", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "x", output: "build/x" }, { name: "y", output: "./build//z/../x" }] });
  assertStringIncludes(
    await refused(rig),
    "Duplicate output artifact 'build/x' specified by tasks 'x' and 'y'\n",
  );
});

// S0.10
rigTest("build shows a cycle in the direction of dependence, from the task declared first", async (rig) => {
  const task = (name: string, dependency: string) => ({ name, dependencies: [dependency], output: `out/${name}` });
  rig.write("build.json", { tasks: [task("A", "B"), task("B", "C"), task("C", "A")] });
  assertEquals((await refused(rig)).split("\n")[0], "Circular dependency detected: A → B → C → A");
  rig.write("build.json", { tasks: [task("A", "A")] });
  assertEquals((await refused(rig)).split("\n")[0], "Circular dependency detected: A → A");
});

rigTest("build names a source that is missing, and the task that needs it", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "a", source_files: ["src/none.txt"], output: "a" }] });
  assertEquals(
    (await refused(rig)).split("\n")[0],
    "Task 'a' needs source file 'src/none.txt', which does not exist",
  );
});

rigTest("build refuses a source that another task makes without being waited for", async (rig) => {
  rig.write("build.json", {
    tasks: [{ name: "make", output: "gen/x", content: "" }, { name: "use", source_files: ["gen/*"], output: "u" }],
  });
  const said = await refused(rig);
  assertEquals(said.split("\n")[0], "Task 'use' reads 'gen/x', which task 'make' makes, without depending on it");
  assertStringIncludes(said, "add 'make' to the dependencies of 'use'");
});

rigTest("build warns of a pattern that matches nothing and goes on", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "a", source_files: ["src/*.c"], command: ': > "$OUT"', output: "a" }] });
  const { code, stderr } = await rig.build();
  assertEquals({ code, stderr }, { code: 0, stderr: "Warning: pattern 'src/*.c' of task 'a' matches no file\n" });
});

rigTest("build fails a task whose source its dependency did not make, and says so", async (rig) => {
  rig.write("build.json", {
    tasks: [
      { name: "make", output: "made", content: "" },
      { name: "use", dependencies: ["make"], source_files: ["side/effect.txt"], output: "u" },
      { name: "after", dependencies: ["use"], output: "after" },
    ],
  });
  const { code, stdout } = await rig.build();
  assertStringIncludes(
    stdout,
    "Scheduler: Failed task 'use' after 0.00s (error: Cannot read source 'side/effect.txt': No such file or directory)\n",
  );
  assertMatch(stdout, / 1 succeeded, 1 failed, 1 skipped\n/);
  assertEquals(code, 1);
});

// S0.10, S6.3
rigTest("no command writes anything to stdout for --json when the config is wrong", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "a", output: "o", dependencies: ["b"] }] });
  const commands = ["build", "build -n", "run", "list", "graph --format=json", "clean", "check", "batches", "store"];
  for (const command of commands) {
    const words = command.startsWith("graph") ? command.split(" ") : [...command.split(" "), "--json"];
    const { code, stdout, stderr } = await rig.ask(words);
    assertEquals({ command, code, stdout }, { command, code: 2, stdout: "" });
    assertStringIncludes(stderr, "Task 'a' depends on unknown task 'b'");
  }
});
