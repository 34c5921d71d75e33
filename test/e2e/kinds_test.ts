// What is no regular file is never opened: a FIFO would be waited for, whatever command and whatever task reads it.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Rig, rigTest } from "../rig.ts";

async function mkfifo(rig: Rig, ...paths: string[]): Promise<void> {
  const { success } = await new Deno.Command("mkfifo", { args: paths.map((path) => rig.path(path)) }).output();
  assertEquals(success, true);
}

/** Runs any command of troupe. */
function troupe(rig: Rig, ...args: string[]) {
  return rig.build(args, { deno: ["run", "-A", rig.program.replace(/build\.ts$/, "main.ts")] });
}

// K3
rigTest("no command opens a FIFO as its config, task file or settings", async (rig) => {
  rig.write("good.json", { tasks: [{ name: "a", output: "a", content: "a" }] });
  rig.write("good.txt", "a: true\n");
  await mkfifo(rig, "p.json", "p.txt", "p");
  const commands = [
    ["build", "p.json"],
    ["build", "p"],
    ["build", "p.json", "--dry-run"],
    ["run", "p.txt"],
    ["run", "p"],
    ["join", "p.json"],
    ["crew", "2", "p.txt"],
    ["check", "p.json"],
    ["batches", "p.txt"],
    ["check", "good.json", "--gates", "p"],
    ["run", "good.txt", "--gates", "p"],
  ];
  for (const args of commands) {
    const { code, stderr } = await rig.ask(args);
    assertEquals(code, 2, args.join(" "));
    assertStringIncludes(stderr, ": not a regular file\n", args.join(" "));
  }
});

// K3
rigTest("build opens no source, module or import that is not a regular file, and does the rest", async (rig) => {
  rig.write("a.ts", 'import "./q.ts"; export default () => "";');
  rig.write("build.json", {
    tasks: [
      { name: "copy", output: "o/copy", source_files: ["p"] },
      { name: "command", output: "o/command", source_files: ["/dev/zero"], command: "echo > $OUT" },
      { name: "module", output: "o/module", module: "q.ts" },
      { name: "import", output: "o/import", module: "a.ts" },
      { name: "made", output: "o/made", command: "mkfifo f; echo > $OUT" },
      { name: "late", output: "o/late", dependencies: ["made"], source_files: ["f"] },
      { name: "good", output: "o/good", content: "good" },
    ],
  });
  await mkfifo(rig, "p", "q.ts");
  const { code, stdout } = await rig.build();
  assertEquals(code, 1);
  for (const [name, path] of [["copy", "p"], ["command", "/dev/zero"], ["module", "q.ts"], ["late", "f"]]) {
    assertStringIncludes(stdout, `Failed task '${name}' after 0.00s (error: Cannot read source '${path}': not a reg`);
  }
  assertStringIncludes(
    stdout,
    "Failed task 'import' after 0.00s (error: Cannot read source 'q.ts': not a regular file",
  );
  assertEquals(rig.read("o/good"), "good");
});

// K43
rigTest("all commands agree which file is a build config", async (rig) => {
  const config = '// a comment\n{"tasks": [{"name": "a", "output": "o/a", "content": "a"}]}';
  for (const name of ["x.jsonc", "y"]) rig.write(name, config);
  rig.write("tasks", "a: true\n");
  for (const file of ["x.jsonc", "y"]) {
    for (const command of ["build", "run", "join", "check", "batches"]) {
      const { code, stderr } = await troupe(
        rig,
        command,
        file,
        ...(command === "join" ? ["--db", `${file}.sqlite`] : []),
      );
      assertEquals([code, stderr], [0, ""], `${command} ${file}`);
    }
  }
  const { code, stderr } = await troupe(rig, "build", "tasks");
  assertEquals([code, stderr], [2, "'tasks' is a task file, not a build config: run it\n"]);
});

// K3, S6.3
rigTest("looks at a build name the source that cannot be read, and why", async (rig) => {
  await mkfifo(rig, "p");
  rig.write("build.json", { tasks: [{ name: "copy", output: "o/copy", source_files: ["p"] }] });
  const reason = "source cannot be read: p (not a regular file)";
  assertStringIncludes((await rig.ask(["build", "--dry-run"])).stdout, `Task 'copy' would run: ${reason}\n`);
  assertStringIncludes((await rig.ask(["list"])).stdout, `would run: ${reason}`);
  // S6.10
  for (let round = 0; round < 2; round++) {
    assertEquals((await rig.ask(["build"])).code, 1);
    const { stdout } = await rig.ask(["why", "copy"]);
    assertStringIncludes(stdout, "  because   it was to run, and could not be begun\n");
    assertStringIncludes(stdout, `would run: ${reason}`);
  }
});

// K3, K8
rigTest("a link that leads nowhere is refused as an artifact in these words", async (rig) => {
  const tasks = [
    { name: "out", output: "out", command: 'ln -s nothing "$OUT"' },
    { name: "place", output: "place", command: "ln -s nothing place" },
    { name: "several", outputs: ["one", "two"], command: 'ln -s nothing "$OUT_1"; ln -s nothing two' },
  ];
  rig.write("build.json", { tasks });
  const { code, stdout } = await rig.build(["-j1"]);
  assertEquals(code, 1);
  for (const path of ["out", "place", "one"]) {
    assertStringIncludes(stdout, `Cannot publish artifact '${path}': it is a link that leads nowhere)`);
  }
});
