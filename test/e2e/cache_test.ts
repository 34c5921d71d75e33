// What a build does again and what it does not.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Rig, rigTest } from "../rig.ts";
import { executed, hits, reportOf } from "./said.ts";

/** Two sources, two parts, one whole, all by commands. */
const PARTS = [
  { name: "left", source_files: ["left.txt"], output_artifact: "out/left", command: 'cat $IN > "$OUT"' },
  { name: "right", source_files: ["right.txt"], output_artifact: "out/right", command: 'cat $IN | wc -l > "$OUT"' },
  { name: "whole", dependencies: ["left", "right"], output_artifact: "out/whole", command: 'cat $DEPS > "$OUT"' },
];

type Loose = Record<string, unknown>;

function writeParts(rig: Rig, change: (tasks: Loose[]) => void = () => {}): void {
  const tasks: Loose[] = structuredClone(PARTS);
  change(tasks);
  rig.write("build.json", { num_workers: 1, tasks });
}

/** A project of PARTS that is up to date. */
async function built(rig: Rig): Promise<void> {
  rig.write("left.txt", "left\n");
  rig.write("right.txt", "right\n");
  writeParts(rig);
  assertEquals(executed(await rig.build()), ["left", "right", "whole"]);
}

/** Builds, and checks why it did what it did: task name → reason. */
async function expectReasons(rig: Rig, expected: Record<string, string>, args: string[] = []): Promise<void> {
  const { code, stdout } = await rig.build(["--verbose", "--no-store", ...args]);
  const reasons = [...stdout.matchAll(/^Task '(.+)' must run: (.+)$/gm)].map(([, name, reason]) => [name, reason]);
  assertEquals({ code, reasons: Object.fromEntries(reasons) }, { code: 0, reasons: expected });
  assertEquals(executed({ stdout }), Object.keys(expected).sort());
}

// S0.13, S0.46
rigTest("build that finds nothing to do starts no worker and no process, and leaves its cache alone", async (rig) => {
  await built(rig);
  const cache = () => Deno.statSync(rig.path(".build_cache.json")).ino;
  // What was changed in the second in which a cache was written is found to be as it was by a later build.
  let before: number | null = null;
  for (let times = 0; before !== cache(); times++) {
    assert(times < 10, "the cache is written again and again");
    before = cache();
    const report = reportOf(await rig.build(["--json"]));
    assertEquals(report.worker_utilization, { overall: 0 });
    for (const result of Object.values(report.results)) {
      assertEquals([result.status, result.cache_hit, result.worker_id, result.duration], ["completed", true, null, 0]);
    }
  }
});

rigTest("build does again exactly what an edit asks for", async (rig) => {
  await built(rig);
  rig.write("left.txt", "left, edited\n");
  await expectReasons(rig, { left: "source changed: left.txt", whole: "dependency changed: left" });
  assertEquals(rig.read("out/whole"), "left, edited\n1\n");
  await expectReasons(rig, {});
});

rigTest("build stops an edit where an artifact comes out as it was", async (rig) => {
  await built(rig);
  rig.write("right.txt", "other, but one line\n");
  await expectReasons(rig, { right: "source changed: right.txt" });
  rig.write("right.txt", "two\nlines\n");
  await expectReasons(rig, { right: "source changed: right.txt", whole: "dependency changed: right" });
});

rigTest("build takes a touched file for what it is, and undoes an undone edit", async (rig) => {
  await built(rig);
  Deno.utimeSync(rig.path("left.txt"), 1, 1);
  await expectReasons(rig, {});
  rig.write("left.txt", "other\n");
  rig.write("left.txt", "left\n");
  await expectReasons(rig, {});
});

rigTest("build remakes an artifact that was deleted or edited, and nothing that needs it", async (rig) => {
  await built(rig);
  rig.remove("out/left");
  await expectReasons(rig, { left: "artifact missing: out/left" });
  rig.write("out/left", "tampered\n");
  await expectReasons(rig, { left: "artifact edited: out/left" });
  assertEquals(rig.read("out/left"), "left\n");
  rig.remove("out");
  assertEquals((await rig.build()).code, 0);
  assertEquals(rig.read("out/whole"), "left\n1\n");
});

rigTest("build does a task again when its command, environment or sources change", async (rig) => {
  await built(rig);
  writeParts(rig, ([left]) => left.command = 'cat $IN | tr a-z A-Z > "$OUT"');
  await expectReasons(rig, { left: "command changed", whole: "dependency changed: left" });
  writeParts(rig, ([left]) => (left.command = 'cat $IN | tr a-z A-Z > "$OUT"', left.env = { WIDTH: "1" }));
  await expectReasons(rig, { left: "environment added: WIDTH" });
  writeParts(rig, ([left]) => (left.command = 'cat $IN | tr a-z A-Z > "$OUT"', left.env = { WIDTH: "2" }));
  await expectReasons(rig, { left: "environment changed: WIDTH" });
  rig.write("more.txt", "more\n");
  writeParts(rig, ([, right]) => right.source_files = ["more.txt", "right.txt"]);
  await expectReasons(rig, {
    left: "command changed; environment removed: WIDTH",
    right: "source added: more.txt",
    whole: "dependency changed: left, right",
  });
  writeParts(rig, ([, right]) => right.source_files = ["right.txt", "more.txt"]);
  await expectReasons(rig, { right: "order of sources changed" });
});

rigTest("build minds the order of dependencies", async (rig) => {
  await built(rig);
  writeParts(rig, ([, , whole]) => whole.dependencies = ["right", "left"]);
  await expectReasons(rig, { whole: "order of dependencies changed" });
  assertEquals(rig.read("out/whole"), "1\nleft\n");
});

rigTest("build does not mind the order of tasks, their names, their timeouts or the number of workers", async (rig) => {
  await built(rig);
  const [left, right, whole] = PARTS;
  const renamed = { ...left, name: "renamed", timeout: 10, retries: 3 };
  rig.write("build.json", {
    num_workers: 2,
    tasks: [{ ...whole, dependencies: ["renamed", "right"] }, right, renamed],
  });
  await expectReasons(rig, {});
});

rigTest("build hands on the environment it was given, and minds what a command's text names of it", async (rig) => {
  const task = (name: string, command: string) => ({ name, output_artifact: name, command: `${command} > "$OUT"` });
  rig.write("build.json", { tasks: [task("named", 'echo "$GIVEN"'), task("unnamed", "printenv GIVEN")] });
  await rig.build([], { env: { GIVEN: "one" } });
  assertEquals([rig.read("named"), rig.read("unnamed")], ["one\n", "one\n"]);
  assertEquals(executed(await rig.build([], { env: { GIVEN: "two" } })), ["named"]);
  assertEquals([rig.read("named"), rig.read("unnamed")], ["two\n", "one\n"]);
});

// S0.45, S0.50: one builds, seven wait for it and hit
rigTest("build does equal work once and copies its artifact to every other task's output", async (rig) => {
  const held = rig.hold("equal");
  rig.write("source.txt", "source\n");
  const tasks = Array.from({ length: 8 }, (_, i) => ({
    name: `t${i}`,
    source_files: ["source.txt"],
    output_artifact: `out/${i}/artifact`,
    command: held.command,
  }));
  const all = { name: "all", dependencies: tasks.map(({ name }) => name), output_artifact: "all" };
  rig.write("build.json", { num_workers: 8, tasks: [...tasks, all] });
  const running = rig.start(["--json"]);
  await held.started();
  held.release({ text: "made" });
  const report = reportOf(await running.ended);
  assertEquals([report.completed, report.failed, held.starts], [9, 0, 1]);
  const equal = tasks.map(({ name }) => report.results[name]);
  assertEquals(equal.filter((result) => result.cache_hit).length, 7);
  assertEquals(new Set(equal.map((result) => result.sha256)).size, 1);
  assertEquals(running.stderr.match(/skipped: cache hit/g)?.length, 7);
  for (const { output_artifact } of tasks) assertEquals(rig.read(output_artifact), "made\n");
  assertEquals(rig.read("all"), "made\n".repeat(8));
  assertEquals(hits(await rig.build()).length, 9);
});

rigTest("build copies the mode of an artifact along with it", async (rig) => {
  const command = 'echo "echo run" > "$OUT"; chmod 750 "$OUT"';
  const task = (name: string) => ({ name, output_artifact: `out/${name}`, command });
  rig.write("build.json", { tasks: [task("a"), task("b")] });
  assertEquals(executed(await rig.build()).length, 1);
  for (const name of ["a", "b"]) assertEquals(Deno.statSync(rig.path(`out/${name}`)).mode! & 0o777, 0o750);
});

rigTest("build gives the next of equal tasks its try when the first fails", async (rig) => {
  const command = 'echo x >> tries; [ "$(wc -l < tries)" -gt 2 ] && echo made > "$OUT"';
  const tasks = ["a", "b", "c", "d"].map((name) => ({ name, output_artifact: name, command }));
  rig.write("build.json", { tasks });
  const report = reportOf(await rig.build(["--json"]));
  assertEquals([report.completed, report.failed], [2, 2]);
  assertEquals(rig.read("tries").length, 6);
});

rigTest("build copies an artifact whose output was given another name", async (rig) => {
  await built(rig);
  writeParts(rig, ([left]) => left.output_artifact = "elsewhere/left");
  const { stdout } = await rig.build();
  assertStringIncludes(stdout, "Task 'left' skipped: cache hit (artifact: elsewhere/left)\n");
  assertEquals(executed({ stdout }), ["whole"]); // its DEPS name another path
  assertEquals(rig.read("elsewhere/left"), "left\n");
});

rigTest("build --force does everything again, and once also what is equal", async (rig) => {
  await built(rig);
  await expectReasons(rig, { left: "forced", right: "forced", whole: "forced" }, ["--force"]);
  await expectReasons(rig, {});
});

rigTest("build --task does what was asked for and what that needs", async (rig) => {
  await built(rig);
  rig.remove("out");
  assertEquals(executed(await rig.build(["--task", "left", "-t", "right", "--no-store"])), ["left", "right"]);
  rig.remove("out");
  assertEquals(executed(await rig.build(["-t", "whole", "--no-store"])), ["left", "right", "whole"]);
  // What was not asked for is still known afterwards.
  assertEquals(executed(await rig.build(["-t", "left"])), []);
  assertEquals(executed(await rig.build()), []);
  const { code, stderr } = await rig.build(["-t", "hole"]);
  assertEquals({ code, stderr }, { code: 2, stderr: "Unknown task 'hole', did you mean 'whole'?\n" });
});

rigTest("build --dry-run tells what would run and why, and runs and writes nothing", async (rig) => {
  rig.write("left.txt", "left\n");
  rig.write("right.txt", "right\n");
  writeParts(rig);
  const files = rig.files();
  assertEquals(
    (await rig.build(["--dry-run"])).stdout,
    "Task 'left' would run: new\n" +
      "Task 'right' would run: new\n" +
      "Task 'whole' would run: dependency would run: left\n" +
      "Dry run: 3 would run, 0 up to date\n",
  );
  assertEquals(rig.files(), files);
  await rig.build();
  rig.write("right.txt", "edited\n");
  const cache = rig.read(".build_cache.json");
  const { stdout, stderr } = await rig.build(["-n", "--json"]);
  assertEquals(JSON.parse(stdout), {
    tasks: {
      left: { run: false },
      right: { run: true, reason: "source changed: right.txt" },
      whole: { run: true, reason: "dependency would run: right" },
    },
  });
  assertStringIncludes(stderr, "Task 'left' skipped: cache hit (artifact: out/left)\n");
  assertEquals(rig.read(".build_cache.json"), cache);
  assertEquals(rig.read("out/right"), "1\n");
});

// S0.41, S0.48
rigTest(
  "build keeps a cache of fingerprint → artifact path beside the config, whatever folder it is run in",
  async (rig) => {
    await built(rig);
    rig.write("inner/here", "");
    assertEquals(executed(await rig.build(["../build.json"], { cwd: "inner" })), []);
    const { entries } = JSON.parse(rig.read(".build_cache.json"));
    assertEquals(Object.values(entries).map((entry) => (entry as Loose).artifact_path).sort(), [
      "out/left",
      "out/right",
      "out/whole",
    ]);
    assert(Object.keys(entries).every((key) => /^[0-9a-f]{64}$/.test(key)));
  },
);

rigTest("build starts over, with one sentence, from a cache that is damaged or of another version", async (rig) => {
  await built(rig);
  rig.write(".build_cache.json", '{"version": 1, "entr');
  const damaged = await rig.build(["--no-store"]);
  assertEquals(damaged.stderr, "Build cache '.build_cache.json' is damaged; starting over\n");
  assertEquals(executed(damaged), ["left", "right", "whole"]);
  rig.write(".build_cache.json", { version: 99 });
  const { stderr } = await rig.build();
  assertMatch(stderr, /^Build cache '\.build_cache\.json' has version 99, not \d+; starting over\n$/);
  assertEquals(executed(await rig.build()), []);
});

rigTest("build does not remember work whose source was edited while it went on", async (rig) => {
  const held = rig.hold("slow");
  rig.write("source.txt", "before\n");
  rig.write("build.json", {
    tasks: [{ name: "slow", source_files: ["source.txt"], output_artifact: "out", command: held.command }],
  });
  const running = rig.start();
  await held.started();
  rig.write("source.txt", "edited\n");
  held.release();
  assertEquals((await running.ended).code, 0);
  const again = rig.start();
  await held.started();
  held.release();
  assertEquals(executed(await again.ended), ["slow"]);
  assertEquals(executed(await rig.build()), []);
});

// K111
rigTest("build does not remember work whose dependency's artifact was changed while it went on", async (rig) => {
  const held = rig.hold("held");
  const good = (name: string) => ({ name, output: `o/${name}`, command: `echo good ${name} > $OUT` });
  rig.write("make.js", "export default async ({ dependencies }) => `module: ${await dependencies.a.text()}`;");
  rig.write("build.json", {
    tasks: [
      ...["a", "b", "c"].map(good),
      { name: "held", dependencies: ["a"], output: "o/held", command: `(${held.command}); cat $DEPS > $OUT` },
      { name: "spoiler", dependencies: ["b"], output: "o/spoiler", command: "echo bad > $DEPS; cat $DEPS > $OUT" },
      { name: "sibling", dependencies: ["c"], output: "o/sibling", command: "echo bad > o/c; echo > $OUT" },
      { name: "after", dependencies: ["c", "sibling"], output: "o/after", command: "cat $DEPS > $OUT" },
      { name: "joined", dependencies: ["a", "held"], output: "o/joined" },
      { name: "called", dependencies: ["a", "held"], output: "o/called", module: "make.js" },
    ],
  });
  const running = rig.start();
  await held.started();
  rig.write("o/a", "bad\n");
  held.release();
  const { code, stderr } = await running.ended;
  assertEquals(code, 0);
  assertMatch(stderr, /^What \d tasks read was changed while they ran: o\/.*; the next build does them again$/m);
  assertEquals(rig.read("o/held") + rig.read("o/called"), "bad\nmodule: bad\n");

  // Now without anybody who changes what is another's.
  rig.write("build.json", rig.read("build.json").replaceAll("echo bad > $DEPS; ", "").replace("echo bad > o/c; ", ""));
  const again = rig.start();
  await held.started();
  held.release();
  const { stdout } = await again.ended;
  assertEquals(executed({ stdout }), ["a", "after", "b", "c", "called", "held", "joined", "sibling", "spoiler"]);
  for (const name of ["held", "called", "joined"]) assertStringIncludes(rig.read(`o/${name}`), "good a");
  assertStringIncludes(rig.read("o/after"), "good c");
  assertEquals(rig.read("o/spoiler"), "good b\n");
  assertEquals(executed(await rig.build()), []);
});

rigTest("a task that writes to what it reads is told of", async (rig) => {
  rig.write("build.json", { tasks: [{ name: "log", source_files: ["log"], outputs: [], command: "echo >> log" }] });
  rig.write("log", "");
  for (let time = 0; time < 2; time++) {
    const { code, stderr } = await rig.build(["-q"]);
    const told = "What task 'log' reads was changed while it ran: log; the next build does it again\n";
    assertEquals([code, stderr], [0, told]);
  }
});
