// K13: artifacts of tasks that are no longer in the config.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Rig, rigTest } from "../rig.ts";
import { executed, hits, reportOf } from "./said.ts";

function troupe(rig: Rig, ...args: string[]) {
  return rig.build(args, { deno: ["run", "-A", rig.program.replace(/build\.ts$/, "main.ts")] });
}

const made = (name: string, output = `o/${name}`) => ({ name, output, command: `echo ${name.slice(0, 1)} > "$OUT"` });
const all = { name: "all", output: "all", source_files: ["o/*"], command: 'cat $IN > "$OUT"' };

/** A config of the tasks, and one that reads all they make. */
function config(...tasks: object[]) {
  const dependencies = tasks.map((task) => (task as { name: string }).name);
  return { tasks: [...tasks, { ...all, dependencies }] };
}

const LEFT_OUT = "Warning: pattern 'o/*' leaves out 'o/b': no task of 'build.json' makes it any more\n";

// K13
rigTest("what a task that is gone has made is no source by a glob, and is told of", async (rig) => {
  rig.write("build.json", config(made("a"), made("b"), made("b2")));
  const first = await troupe(rig, "build");
  assertEquals([executed(first), hits(first), first.stderr], [["a", "all", "b"], ["b2"], ""]);
  rig.write("build.json", config(made("a")));
  const warning = LEFT_OUT.replace("\n", " (and 1 more)\n"); // the one that was copied too
  const { stdout } = await troupe(rig, "list");
  assertStringIncludes(stdout, "\n2 artifacts belong to no task of 'build.json' any more: o/b, o/b2\n");
  for (const args of [["--dry-run"], [], ["--task", "all"], ["--force"]]) {
    assertEquals((await troupe(rig, "build", ...args)).stderr, warning, args.join());
  }
  assertEquals(rig.read("all"), "a\n");
  rig.remove("o/b2");
  // What is named is meant
  rig.write("build.json", { tasks: [made("a"), { ...all, dependencies: ["a"], source_files: ["o/*", "o/b"] }] });
  assertEquals((await troupe(rig, "build")).stderr, "");
  assertEquals(rig.read("all"), "a\nb\n");
  assertEquals("stale_artifacts" in reportOf(await troupe(rig, "build", "--json", "-q")), false);
  // What was touched is its owner's again
  rig.write("build.json", config(made("a")));
  assertEquals((await troupe(rig, "build")).stderr, LEFT_OUT);
  Deno.utimeSync(rig.path("o/b"), 1000, 1000);
  assertEquals((await troupe(rig, "build")).stderr, "");
  assertEquals(rig.read("all"), "a\nb\n");
});

// K13
rigTest("artifacts that belong to no task are told of once, and in reports as long as they are there", async (rig) => {
  const names = ["a", "b", "c", "d", "e", "f", "g"];
  rig.write("build.json", { tasks: names.map((name) => made(name)) });
  await troupe(rig, "build");
  rig.write("build.json", { tasks: [made("again", "o/a"), made("moved", "o/other")] });
  const stale = names.slice(1).map((name) => `o/${name}`);
  // What shows only what goes wrong shows nothing of it, and does not use it up
  const quiet = await troupe(rig, "build", "-q", "--json", "--task", "again");
  assertEquals([quiet.stderr, reportOf(quiet).stale_artifacts], ["", stale]);
  const told = await troupe(rig, "build", "--task", "moved");
  assertEquals(
    told.stderr,
    "6 artifacts belong to no task of 'build.json' any more: o/b, o/c, o/d, o/e, o/f and 1 more\n",
  );
  assertEquals((await troupe(rig, "build")).stderr, "");
  for (const path of stale.slice(1)) rig.remove(path);
  assertEquals(JSON.parse((await troupe(rig, "list", "--json")).stdout).stale_artifacts, ["o/b"]);
  assertEquals(reportOf(await troupe(rig, "build", "--json")).stale_artifacts, ["o/b"]);
  // Of those, what is left as it was; by hand it is no artifact
  rig.write("o/b", "by hand");
  assertEquals("stale_artifacts" in reportOf(await troupe(rig, "build", "--json")), false);
  // Tasks come back, and go again
  rig.write("build.json", { tasks: [made("b")] });
  assertEquals((await troupe(rig, "build")).stderr.includes("o/b"), false);
  rig.write("build.json", { tasks: [made("c")] });
  assertEquals((await troupe(rig, "build")).stderr, "1 artifact belongs to no task of 'build.json' any more: o/b\n");
});

// K13
rigTest("what another config of the folder makes is not stale", async (rig) => {
  rig.write("build.json", { tasks: [made("a"), made("shared")] });
  rig.write("other.json", { tasks: [made("b"), made("shared"), made("c", "c")] });
  for (const file of ["build.json", "other.json", "build.json", "other.json"]) {
    assertEquals((await troupe(rig, "build", file)).stderr, "");
  }
  rig.write("build.json", { tasks: [{ ...all, source_files: ["o/*"] }] });
  assertEquals((await troupe(rig, "build", "build.json")).stderr, LEFT_OUT.replace("o/b", "o/a"));
  assertEquals(rig.read("all"), "b\ns\n");
  // With a config goes what it alone had
  rig.remove("other.json");
  const gone = await troupe(rig, "build", "build.json", "--force");
  assertEquals(gone.stderr, LEFT_OUT.replace("o/b", "o/a").replace("\n", " (and 2 more)\n"));
  rig.write("build.json", { tasks: [made("a")] });
  // All but the one that the last warning was of, too, since it was made for this config
  assertStringIncludes(
    (await troupe(rig, "build")).stderr,
    "3 artifacts belong to no task of 'build.json' any more: all, c, o/b\n",
  );
  assertEquals(reportOf(await troupe(rig, "build", "--json")).stale_artifacts, ["all", "c", "o/b", "o/shared"]);
});

// K13
rigTest("a crew leaves out what a build leaves out", async (rig) => {
  rig.write("build.json", config(made("a"), made("b")));
  await troupe(rig, "join", "build.json");
  await troupe(rig, "build");
  rig.write("build.json", config(made("a")));
  assertStringIncludes((await troupe(rig, "join", "build.json")).stderr, LEFT_OUT);
  assertEquals(rig.read("all"), "a\n");
});

// K13
rigTest("what the last of two configs has no task for any more is stale for both", async (rig) => {
  const own = { tasks: [made("a")] }, reader = config(made("a"));
  rig.write("build.json", { tasks: [made("a"), made("shared"), made("b")] });
  rig.write("other.json", { tasks: [made("c"), made("shared")] });
  for (const file of ["build.json", "other.json"]) await troupe(rig, "build", file);
  rig.write("build.json", own);
  assertEquals((await troupe(rig, "build")).stderr, "1 artifact belongs to no task of 'build.json' any more: o/b\n");
  // Of another config now
  rig.write("other.json", { tasks: [made("c"), made("shared"), made("b")] });
  assertEquals((await troupe(rig, "build", "other.json")).stderr, "");
  assertEquals("stale_artifacts" in reportOf(await troupe(rig, "build", "--json")), false);
  rig.write("other.json", { tasks: [made("c")] });
  const told = "2 artifacts belong to no task of 'other.json' any more: o/b, o/shared\n";
  assertEquals((await troupe(rig, "build", "other.json")).stderr, told);
  assertEquals((await troupe(rig, "build", "other.json")).stderr, "");
  const reported = reportOf(await troupe(rig, "build", "--json")).stale_artifacts;
  assertEquals(reported, ["o/b", "o/shared"]);
  rig.write("build.json", reader);
  assertEquals((await troupe(rig, "build")).stderr, LEFT_OUT.replace("\n", " (and 1 more)\n"));
  assertEquals(rig.read("all"), "a\nc\n");
  // The other has it back
  rig.write("other.json", { tasks: [made("c"), made("shared")] });
  await troupe(rig, "build", "other.json", "-q");
  assertEquals((await troupe(rig, "build", "build.json", "--force")).stderr, LEFT_OUT);
  assertEquals(rig.read("all"), "a\nc\ns\n");
});

// K13
rigTest("a link that a build has made is its artifact whatever it leads to meanwhile", async (rig) => {
  const link = { name: "b", output: "o/b", command: 'ln -s a "$OUT"', dependencies: ["a"] };
  rig.write("build.json", config(made("a"), link));
  await troupe(rig, "build");
  rig.write("build.json", config(made("a")));
  assertEquals((await troupe(rig, "build")).stderr, LEFT_OUT);
  rig.write("build.json", config({ ...made("a"), command: 'echo other > "$OUT"' }));
  for (const args of [[], ["--force"], ["--force"]]) {
    assertEquals((await troupe(rig, "build", ...args)).stderr, LEFT_OUT);
    assertEquals(rig.read("all"), "other\n");
  }
  // By hand it leads elsewhere
  rig.remove("o/b");
  Deno.symlinkSync("./a", rig.path("o/b"));
  assertEquals((await troupe(rig, "build")).stderr, "");
  assertEquals(rig.read("all"), "other\nother\n");
});

// K13
rigTest("what a task makes by another name, which a link leads from, is not stale", async (rig) => {
  rig.write("o/keep", "");
  await Deno.symlink("o", rig.path("o2"));
  for (const output of ["o2/a", "o/a"]) {
    rig.write("build.json", { tasks: [made("a", output)] });
    assertEquals((await troupe(rig, "build")).code, 0);
    assertEquals((await troupe(rig, "clean", "--stale")).stdout, "Nothing to delete\n");
    assertEquals(rig.read("o/a"), "a\n");
  }
});
