// S5.8: order-only edges. What a task comes after is done first, and is no input of it.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Rig, rigTest } from "../rig.ts";

function project(rig: Rig, fields: Record<string, unknown> = {}): void {
  rig.write("build.json", {
    tasks: [
      // It comes after what is declared later: the order is the graph's.
      {
        name: "use",
        after: ["tools"],
        source_files: ["text"],
        output: "out/use",
        command: 'cat bin/tool > /dev/null; echo "[$IN] [$DEPS]" > "$OUT"',
      },
      { name: "tools", source_files: ["version"], output: "bin/tool", command: 'cat version > "$OUT"', ...fields },
    ],
  });
  rig.write("text", "a\n");
  rig.write("version", "1\n");
}

function started({ stdout }: { readonly stdout: string }): string[] {
  return [...stdout.matchAll(/Started task '(\w+)'/g)].map(([, name]) => name);
}

// S5.8
rigTest("a task comes after another, and does not run again for what that makes", async (rig) => {
  project(rig);
  const first = await rig.ask(["build"]);
  assertEquals([first.code, started(first)], [0, ["tools", "use"]]);
  assertEquals(rig.read("out/use"), "[text] []\n");
  rig.write("version", "2\n");
  assertEquals(started(await rig.ask(["build"])), ["tools"]);
  assertEquals(rig.read("bin/tool"), "2\n");
  // Naming the one brings the other, as with a dependency.
  rig.remove("bin/tool");
  rig.write("text", "b\n");
  assertEquals(started(await rig.ask(["build", "use"])), ["use"]);
  assertEquals(rig.read("bin/tool"), "2\n");
});

// S5.8, S0.32
rigTest("what comes after a failed task is skipped", async (rig) => {
  project(rig, { command: "exit 3" });
  const { code, stdout } = await rig.ask(["build"]);
  assertEquals(code, 1);
  assertStringIncludes(stdout, "0 succeeded, 1 failed, 1 skipped");
  assertMatch(stdout, /use.*tools/);
});

// S5.8
rigTest("what a task comes after is shown by list, why, a dry run and the events", async (rig) => {
  project(rig);
  const { stdout } = await rig.ask(["build", "-n"]);
  assertEquals(stdout.split("\n").slice(0, 2), ["Task 'tools' would run: new", "Task 'use' would run: new"]);
  await rig.ask(["build", "--events", "events.jsonl"]);
  const [begun] = rig.read("events.jsonl").split("\n").map((line) => line && JSON.parse(line));
  assertEquals(begun.tasks[0], { name: "use", dependencies: [], after: ["tools"], artifact: "out/use" });
  const { tasks } = JSON.parse((await rig.ask(["list", "--json"])).stdout);
  assertEquals([tasks[0].after, tasks[1].after, tasks[0].dependencies], [["tools"], undefined, []]);
  assertStringIncludes((await rig.ask(["why", "use"])).stdout, "  after     tools (in order only, no inputs)\n");
  // A source that only the other makes is waited for, in a look as in a build.
  rig.write("build.json", {
    tasks: [
      { name: "read", after: ["make"], source_files: ["made"], output: "copy" },
      { name: "make", source_files: ["version"], output: "made" },
    ],
  });
  assertStringIncludes((await rig.ask(["build", "-n"])).stdout, "Task 'read' would run: dependency would run: make");
  assertEquals((await rig.ask(["build"])).code, 0);
  rig.write("version", "7\n");
  assertEquals(started(await rig.ask(["build"])), ["make", "read"]);
  assertEquals(rig.read("copy"), "7\n");
});

// S5.8, S0.4, S0.10
rigTest("what a task cannot come after is told where it stands", async (rig) => {
  const odd = '{"tasks": [\n  {"name": "a", "output": "a", "after": ["c"]},\n' +
    '  {"name": "b", "output": "b", "after": ["tols"]},\n  {"name": "c", "output": "c", "dependencies": ["a"]},\n' +
    '  {"name": "tools", "output": "d", "content": "", "after": [1]}\n]}';
  rig.write("build.json", odd);
  const { code, stderr } = await rig.ask(["build"]);
  assertEquals(code, 2);
  assertEquals(
    stderr,
    `'after[0]' of task 'tools' must be a string, not 1
  --> build.json:5:61
5 |   {"name": "tools", "output": "d", "content": "", "after": [1]}
  |                                                             ^

Task 'b' depends on unknown task 'tols'
  --> build.json:3:42
3 |   {"name": "b", "output": "b", "after": ["tols"]},
  |                                          ^^^^^^ did you mean 'tools'?

Circular dependency detected: a → c → a
  --> build.json:4:49
4 |   {"name": "c", "output": "c", "dependencies": ["a"]},
  |                                                 ^^^
`,
  );
});
