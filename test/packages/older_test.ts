// What troupe 0.1.0 left behind before its rooms were built anew (cache 1, history 2, crew 1), read by this one. The files
// under older/ were made by it, with times some years back.
import { assertEquals, assertMatch } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { type Rig, rigTest } from "../rig.ts";

/** Puts a file of that time into the project; a database comes from its dump. */
function place(rig: Rig, file: string, as: string): void {
  const text = Deno.readTextFileSync(new URL(`./older/${file}`, import.meta.url));
  if (!file.endsWith(".sql")) return rig.write(as, text);
  const database = new DatabaseSync(rig.path(as), { enableForeignKeyConstraints: false });
  database.exec(text.replaceAll("/project", rig.folder));
  database.close();
}

// S8.5
rigTest("a cache of an older version is told of, once, and all is built anew", async (rig) => {
  place(rig, "build_cache.json", ".build_cache.json");
  rig.write("build.json", {
    tasks: [
      { name: "a", source_files: ["a.txt"], output_artifact: "build/a", command: 'cat a.txt > "$OUT"' },
      { name: "b", dependencies: ["a"], output_artifact: "build/b", content: "b\n" },
      { name: "c", dependencies: ["b"], output_artifact: "build/c" },
    ],
  });
  rig.write("a.txt", "a\n");
  for (const [name, text] of [["a", "a\n"], ["b", "b\n"], ["c", "b\n"]]) rig.write(`build/${name}`, text);
  const first = await rig.ask(["build"]);
  assertEquals([first.code, first.stderr], [
    0,
    "Build cache '.build_cache.json' has version 1, not 2; starting over\n",
  ]);
  assertEquals(first.stdout.match(/: Started task/g)?.length, 3);
  const second = await rig.ask(["build"]);
  assertEquals([second.code, second.stderr, second.stdout.match(/: Started task/g)], [0, "", null]);
});

// S8.5
rigTest("a history of an older version is read, retried from and added to", async (rig) => {
  place(rig, "taskrun.sql", "taskrun.db");
  rig.write("tasks.txt", "one: echo one\ntwo: echo two; false [after:one]\nthree: echo three [after:two]\n");
  const before = await rig.ask(["history"]);
  assertEquals(before.code, 0, before.stderr);
  assertMatch(
    before.stdout,
    /^Recent runs:\n {2}#2 .* 1 passed, 1 failed, 1 skipped .*\n {2}#1 .* 3 passed, 0 failed, 0 skipped .*\n$/,
  );
  const shown = await rig.ask(["show", "2"]);
  assertMatch(shown.stdout, /one \.+ PASSED[^]*two \.+ FAILED[^]*three \.+ SKIPPED/);
  assertMatch((await rig.ask(["show", "2", "--task", "two"])).stdout, /two\n/);
  assertEquals((await rig.ask(["list", "tasks.txt"])).code, 0);
  // Attempts were not recorded then.
  assertEquals((await rig.ask(["why", "two", "-c", "tasks.txt"])).stderr, "No attempt at task 'two' is on record\n");
  const retried = await rig.ask(["retry", "2"]);
  assertMatch(retried.stdout, /Run completed: 0 passed, 1 failed, 1 skipped\nResults saved to: taskrun\.db \(run #3\)/);
  assertMatch((await rig.ask(["history"])).stdout, /^Recent runs:\n {2}#3 .*\n {2}#2 .*\n {2}#1 .*\n$/);
});

// S8.5
rigTest(
  "a crew's database of an older version is read, and its work taken up where a dead member left it",
  async (rig) => {
    place(rig, "crew.sql", "crew.db");
    rig.write("half.txt", "x: echo x > x\ny: echo y > y [after:x]\n");
    const status = await rig.ask(["status", "--db", "crew.db"]);
    assertEquals(status.code, 0, status.stderr);
    assertMatch(status.stdout, /^Workflow 'main': 1 of 2 tasks done/);
    const joined = await rig.ask(["join", "half.txt", "--db", "crew.db", "--jobs", "1"]);
    assertEquals(joined.code, 0, joined.stdout + joined.stderr);
    assertMatch(joined.stdout, /Crew: 2 of 2 tasks completed/);
    assertEquals([rig.has("y")], [true]);
  },
);
