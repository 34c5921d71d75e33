// What a command tells that it has read counts from then on. The compiler here is a script: `use FILE` in a source takes
// in another file. The same with a real one, beside ninja, is depfile_ninja_test.ts.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Rig, rigTest } from "../rig.ts";
import { executed } from "./said.ts";

const COMPILER = `used=$(sed -n 's/^use //p' "$1")
cat "$1" $used > "$OUT" || exit 1
echo "$OUT: $1" $used > "\${2:-$DEPFILE}"
`;

type Loose = Record<string, unknown>;

/** A task that takes in what its source uses. */
function unit(name: string, more: Loose = {}): Loose {
  const source = `src/${name}.txt`;
  const command = `sh cc.sh ${source}`;
  return { name, source_files: [source], output_artifact: `out/${name}`, command, depfile: "$DEPFILE", ...more };
}

/** Two units, one with a header of its own and one that both use. */
function writeProject(rig: Rig, tasks: readonly Loose[] = [unit("left"), unit("right")]): void {
  rig.write("cc.sh", COMPILER);
  rig.write("src/left.txt", "left\nuse inc/both\nuse inc/left\n");
  rig.write("src/right.txt", "right\nuse inc/both\n");
  rig.write("inc/both", "both 1\n");
  rig.write("inc/left", "left 1\n");
  rig.write("build.json", { tasks });
}

async function built(rig: Rig, tasks?: readonly Loose[]): Promise<void> {
  writeProject(rig, tasks);
  const { code, stdout } = await rig.ask(["build"]);
  assertEquals({ code, ran: executed({ stdout }) }, { code: 0, ran: ["left", "right"] });
}

/** Builds, and checks what was done and why, and that a look before has told the same. */
async function expectReasons(rig: Rig, expected: Record<string, string>): Promise<void> {
  const looked = await rig.ask(["build", "--dry-run"]);
  const would = [...looked.stdout.matchAll(/^Task '(.+)' would run: (.+)$/gm)].map(([, name, why]) => [name, why]);
  assertEquals(Object.fromEntries(would), expected);
  const { code, stdout } = await rig.ask(["build", "--verbose"]);
  const reasons = [...stdout.matchAll(/^Task '(.+)' must run: (.+)$/gm)].map(([, name, reason]) => [name, reason]);
  assertEquals({ code, reasons: Object.fromEntries(reasons) }, { code: 0, reasons: expected });
}

/** The failure that a build tells of, whole. */
async function failure(rig: Rig): Promise<string> {
  const { code, stdout } = await rig.ask(["build"]);
  const [, error] = /Failed task '\w+' after [\d.]+s \(error: (.*)\)$/m.exec(stdout) ?? [];
  assertEquals(code, 1, stdout);
  return error;
}

// S5.7
rigTest("build does again what has read a file that was edited, and nothing else", async (rig) => {
  await built(rig);
  await expectReasons(rig, {});
  rig.write("inc/left", "left 2\n");
  await expectReasons(rig, { left: "input changed: inc/left" });
  assertEquals(rig.read("out/left"), "left\nuse inc/both\nuse inc/left\nboth 1\nleft 2\n");
  rig.write("inc/both", "both 2\n");
  await expectReasons(rig, { left: "input changed: inc/both", right: "input changed: inc/both" });
  Deno.utimeSync(rig.path("inc/both"), 1, 1); // touched
  await expectReasons(rig, {});
  assertEquals(rig.files("out"), ["out/left", "out/right"]); // no dependency file is left
});

// S5.7
rigTest("build goes by what was named last: new names count, and those that are gone do not", async (rig) => {
  await built(rig);
  rig.write("inc/new", "new 1\n");
  await expectReasons(rig, {});
  rig.write("src/right.txt", "right\nuse inc/new\n");
  await expectReasons(rig, { right: "source changed: src/right.txt" });
  rig.write("inc/new", "new 2\n");
  await expectReasons(rig, { right: "input changed: inc/new" });
  rig.write("inc/both", "both 2\n");
  await expectReasons(rig, { left: "input changed: inc/both" });
});

// S5.7
rigTest("build does again what has read a file that is gone, which is no error by itself", async (rig) => {
  await built(rig);
  rig.remove("inc/left");
  assertEquals(await failure(rig), "Command failed with exit code 1");
  rig.write("src/left.txt", "left\nuse inc/both\nuse inc/renamed\n");
  rig.write("inc/renamed", "left 1\n");
  await expectReasons(rig, { left: "source changed: src/left.txt; input removed: inc/left" });
  await expectReasons(rig, {});
});

// S5.7
rigTest("build knows files outside of the folder, by any way to them", async (rig) => {
  const outside = Deno.makeTempDirSync({ prefix: "troupe-outside-" });
  try {
    Deno.writeTextFileSync(`${outside}/far`, "far 1\n");
    writeProject(rig);
    Deno.symlinkSync(outside, rig.path("link"));
    rig.write("src/left.txt", `left\nuse ${outside}/far\nuse ./inc//../inc/left\nuse ${rig.path("inc/both")}\n`);
    rig.write("src/right.txt", "right\nuse link/far\n");
    await rig.ask(["build"]);
    await expectReasons(rig, {});
    rig.write("inc/both", "both 2\n");
    await expectReasons(rig, { left: "input changed: inc/both" });
    rig.write("inc/left", "left 2\n");
    await expectReasons(rig, { left: "input changed: inc/left" });
    Deno.writeTextFileSync(`${outside}/far`, "far 2\n");
    await expectReasons(rig, { left: `input changed: ${outside}/far`, right: "input changed: link/far" });
  } finally {
    Deno.removeSync(outside, { recursive: true });
  }
});

// S5.7, S5.10
rigTest("names in a dependency file start where its command runs", async (rig) => {
  const command = "sh ../cc.sh ../src/left.txt";
  writeProject(rig, [unit("left", { command, cwd: "inc" })]);
  rig.write("src/left.txt", "left\nuse both\nuse ../inc/left\n");
  await rig.ask(["build"]);
  rig.write("inc/both", "both 2\n");
  await expectReasons(rig, { left: "input changed: inc/both" });
});

// S5.7
rigTest("a dependency file with a path stays where the command writes it", async (rig) => {
  await built(rig, [
    unit("left", { command: "sh cc.sh src/left.txt out/left.d", depfile: "out/left.d" }),
    unit("right"),
  ]);
  assertMatch(rig.read("out/left.d"), /: src\/left.txt inc\/both inc\/left\n$/);
  rig.write("inc/left", "left 2\n");
  await expectReasons(rig, { left: "input changed: inc/left" });
  await expectReasons(rig, {});
  // One of an earlier attempt is not this one's.
  const stale = unit("left", { command: "cat src/left.txt > $OUT", depfile: "out/left.d" });
  rig.write("build.json", { tasks: [stale] });
  assertEquals(await failure(rig), "Cannot use dependency file 'out/left.d': the command did not write it");
});

// S5.7
rigTest("a dependency file that cannot be used fails its task, which publishes nothing", async (rig) => {
  writeProject(rig);
  const says = async (command: string) => {
    rig.write("build.json", { tasks: [unit("left", { command: `echo made > $OUT; ${command}` })] });
    const error = await failure(rig);
    assert(!rig.has("out") || rig.files("out").length === 0, "something is left");
    return error;
  };
  const cannot = "Cannot use dependency file '$DEPFILE':";
  assertEquals(await says(":"), `${cannot} the command did not write it: write to "$DEPFILE"`);
  assertEquals(
    await says("printf 'out: a\\n\\n  what is this\\n' > $DEPFILE"),
    `${cannot} expected ':' after the target in "what is this" ($DEPFILE:3:3)`,
  );
  assertEquals(
    await says("printf 'out: a \\\\\\n' > $DEPFILE"),
    `${cannot} it ends in the middle of a rule in "" ($DEPFILE:2:1)`,
  );
  assertEquals(await says("printf 'out: \\377\\n' > $DEPFILE"), `${cannot} it is not UTF-8`);
  assertEquals(await says("mkdir $DEPFILE"), `${cannot} not a regular file`);
  assertEquals(await says("echo out: inc > $DEPFILE"), `${cannot} it names "inc", which is a folder`);
  // An empty one names nothing, and a device is always the same.
  rig.write("build.json", { tasks: [unit("left", { command: "echo made > $OUT; : > $DEPFILE" })] });
  assertEquals((await rig.ask(["build"])).code, 0);
  rig.write("build.json", { tasks: [unit("left", { command: "echo made > $OUT; echo out: /dev/null > $DEPFILE" })] });
  assertEquals((await rig.ask(["build"])).code, 0);
  await expectReasons(rig, {});
});

// S5.7, S5.8
rigTest("what another task makes may be read by those who wait for it, and is an error for others", async (rig) => {
  const gen = (dependencies: string[] = []) => ({
    name: "gen",
    dependencies,
    source_files: ["gen.txt"],
    output_artifact: "gen/head",
    command: "cat gen.txt > $OUT",
  });
  writeProject(rig, [gen(), unit("left", { after: ["gen"] })]);
  rig.write("gen.txt", "1\n");
  rig.write("src/left.txt", "left\nuse gen/head\n");
  const { code, stdout } = await rig.ask(["build"]);
  assertEquals({ code, ran: executed({ stdout }) }, { code: 0, ran: ["gen", "left"] });
  await expectReasons(rig, {});
  rig.write("gen.txt", "2\n");
  assertEquals(executed(await rig.ask(["build"])), ["gen", "left"]);
  assertEquals(rig.read("out/left"), "left\nuse gen/head\n2\n");
  // Without the order: found before anything is done, and by a task that did not know it yet.
  const sentence = "Task 'left' reads 'gen/head', which task 'gen' makes, without waiting for it: " +
    "add 'gen' to its dependencies, or to 'after'";
  rig.write("build.json", { tasks: [gen(), unit("left")] });
  for (const isKnown of [true, false]) {
    if (!isKnown) rig.remove(".build_cache.json");
    if (!isKnown) rig.remove("out");
    const { code, stdout } = await rig.ask(["build"]);
    assertEquals(code, 1);
    assertStringIncludes(stdout, `(error: ${sentence})`);
    assertEquals(rig.has("out/left"), isKnown);
  }
  // Its own output is no input.
  rig.write("src/left.txt", "left\n");
  rig.write("build.json", {
    tasks: [unit("left", { command: "cat src/left.txt > $OUT; echo x: out/left > $DEPFILE" })],
  });
  await rig.ask(["build"]);
  await expectReasons(rig, {});
});

// S5.7
rigTest("a file that was edited while its task ran counts as nobody knows how", async (rig) => {
  const gate = rig.hold("compiling");
  const command = `sh cc.sh src/left.txt && (OUT=/dev/null; ${gate.command})`;
  writeProject(rig, [unit("left", { command })]);
  const running = rig.start();
  await gate.started();
  rig.write("inc/left", "left 2\n");
  gate.release();
  assertEquals((await running.ended).code, 0);
  assertStringIncludes(rig.read("out/left"), "left 1");
  const looked = await rig.ask(["build", "--dry-run"]);
  assertMatch(looked.stdout, /Task 'left' would run: input changed: inc\/left/);
});

// S5.7
rigTest("a file that was replaced by an older one while its task ran is noticed as well", async (rig) => {
  const gate = rig.hold("compiling");
  const command = `sh cc.sh src/left.txt && (OUT=/dev/null; ${gate.command})`;
  writeProject(rig, [unit("left", { command })]);
  rig.write("older", "left 2\n");
  Deno.utimeSync(rig.path("older"), 1e9, 1e9);
  const running = rig.start();
  await gate.started();
  Deno.renameSync(rig.path("older"), rig.path("inc/left"));
  gate.release();
  assertEquals((await running.ended).code, 0);
  const looked = await rig.ask(["build", "--dry-run"]);
  assertMatch(looked.stdout, /Task 'left' would run: input changed: inc\/left/);
});

// S5.7
rigTest("attempts that failed are forgotten with what they named, and --force does all again", async (rig) => {
  const command = "echo x: inc/left > $DEPFILE; mkdir once || { sh cc.sh src/left.txt; exit; }; exit 3";
  writeProject(rig, [unit("left", { command, retries: 1 })]);
  const first = await rig.ask(["build"]);
  assertEquals([first.code, executed(first)], [0, ["left", "left"]]);
  await expectReasons(rig, {});
  const forced = await rig.ask(["build", "--force"]);
  assertEquals([forced.code, executed(forced)], [0, ["left"]]);
  await expectReasons(rig, {});
  rig.write("inc/both", "both 2\n");
  await expectReasons(rig, { left: "input changed: inc/both" });
});

// S5.7, S6.9, S6.10
rigTest("why tells of what was discovered as of sources", async (rig) => {
  writeProject(rig);
  await rig.ask(["build", "--db", "h.db"]);
  rig.write("inc/left", "left 2\n");
  await rig.ask(["build", "--db", "h.db"]);
  const { stdout } = await rig.ask(["why", "left", "--db", "h.db", "--json"]);
  const { last } = JSON.parse(stdout);
  assertEquals(last.reason, "input changed: inc/left");
  assertEquals(last.changes.map(({ what, name }: Loose) => [what, name]), [["source", "inc/left"]]);
});

// S5.7
rigTest("a build cache that was lost, cut or made by hand costs a build and no more", async (rig) => {
  await built(rig);
  const cache = JSON.parse(rig.read(".build_cache.json"));
  for (const inputs of [undefined, {}, { 0: ["inc/left"] }, { 0: null, 1: 1, 2: "x" }]) {
    rig.write(".build_cache.json", { ...cache, inputs });
    const { code, stdout } = await rig.ask(["build", "--no-store"]);
    assertEquals({ code, ran: executed({ stdout }) }, { code: 0, ran: ["left", "right"] });
  }
  await expectReasons(rig, {});
});

// S5.7
rigTest("a file that was edited between two tasks that read it is to each what it has read", async (rig) => {
  const gate = rig.hold("pause");
  const pause = { name: "pause", dependencies: ["left"], output_artifact: "out/pause", command: gate.command };
  writeProject(rig, [unit("left"), pause, unit("right", { after: ["pause"] })]);
  const running = rig.start(["build.json"]);
  await gate.started();
  rig.write("inc/both", "both 2\n");
  gate.release();
  assertEquals((await running.ended).code, 0);
  assertEquals(rig.read("out/right"), "right\nuse inc/both\nboth 2\n");
  rig.write("inc/both", "both 1\n"); // as it was when it was first looked at
  const { stdout } = await rig.ask(["build", "--dry-run"]);
  assertEquals([...stdout.matchAll(/^Task '(.+)' would run/gm)].map(([, name]) => name), ["right"]);
});

// S5.7, K7
rigTest("files of troupe's own are no inputs, whoever has read them", async (rig) => {
  rig.write("a.txt", "a");
  rig.write("build.json", {
    tasks: [{
      name: "all",
      output: "all",
      command: 'echo > "$OUT"; for f in $(ls -A | grep -v troupe); do echo "all: $f"; done > "$DEPFILE"',
      depfile: "$DEPFILE",
    }],
  });
  const args = ["build", "-v"];
  assertEquals(/must run: new/.test((await rig.ask(args)).stdout), true);
  await rig.ask(args); // now it has seen its artifact
  const { stdout } = await rig.ask(args);
  assertEquals(/must run/.test(stdout), false, stdout);
});

// S5.7
rigTest("what a command writes beside its artifact, and names, settles once it has been seen before", async (rig) => {
  const command = "echo helper > helper; cat src/left.txt helper > $OUT; echo x: helper > $DEPFILE";
  writeProject(rig, [unit("left", { command })]);
  assertEquals(executed(await rig.ask(["build"])), ["left"]);
  await rig.ask(["build"]); // it might have been edited while its task ran
  await expectReasons(rig, {});
  rig.write("src/left.txt", "left 2\n");
  await expectReasons(rig, { left: "source changed: src/left.txt" });
  await expectReasons(rig, {});
  rig.write("helper", "edited\n");
  await expectReasons(rig, { left: "input changed: helper" });
});

// S5.7
rigTest("an order that is no longer needed can be dropped with what needed it", async (rig) => {
  const gen = { name: "gen", source_files: ["gen.txt"], output_artifact: "gen/head", command: "cat gen.txt > $OUT" };
  rig.write("gen.txt", "1\n");
  writeProject(rig, [gen, unit("left", { after: ["gen"] })]);
  rig.write("src/left.txt", "left\nuse gen/head\n");
  await rig.ask(["build"]);
  rig.write("src/left.txt", "left\n");
  rig.write("build.json", { tasks: [gen, unit("left")] });
  const { code, stdout } = await rig.ask(["build"]);
  assertEquals({ code, ran: executed({ stdout }) }, { code: 0, ran: ["left"] });
  await expectReasons(rig, {});
});

// S0.45, S5.7
rigTest("equal work is done once, whatever it is found to read", async (rig) => {
  const twin = (name: string) => unit("left", { name, output_artifact: `out/${name}` });
  const names = ["a", "b", "c", "d"];
  writeProject(rig, names.map(twin));
  const { code, stdout } = await rig.ask(["build"]);
  assertEquals([code, executed({ stdout }).length], [0, 1]);
  for (const name of names) assertEquals(rig.read(`out/${name}`), "left\nuse inc/both\nuse inc/left\nboth 1\nleft 1\n");
  await expectReasons(rig, {});
  rig.write("inc/left", "left 2\n");
  assertEquals(executed(await rig.ask(["build"])).length, 1);
  await expectReasons(rig, {});
});

// S5.7, S7.11
rigTest("large files may be named, and several that are too much for one look", async (rig) => {
  writeProject(rig, [unit("left", { command: "echo made > $OUT; echo x: large a b c > $DEPFILE" })]);
  rig.write("large", new Uint8Array(9_000_000));
  for (const name of ["a", "b", "c"]) rig.write(name, new Uint8Array(3_000_000));
  assertEquals((await rig.ask(["build"])).code, 0);
  await expectReasons(rig, {});
  for (const name of ["large", "c"]) {
    rig.write(name, new Uint8Array(3_000_001));
    await expectReasons(rig, { left: `input changed: ${name}` });
  }
});

// S5.2, S5.7
rigTest("a check that names what it has read is done again with that, and so are checks that need it", async (rig) => {
  const check = (name: string, more: Loose = {}) => ({
    name,
    source_files: ["src/left.txt"],
    outputs: [],
    command: "echo x: inc/both inc/left > $DEPFILE; grep -q 'both' inc/both",
    depfile: "$DEPFILE",
    ...more,
  });
  const needs = { dependencies: ["first"], command: "true", depfile: undefined };
  writeProject(rig, [check("first"), check("second", needs)]);
  assertEquals(executed(await rig.ask(["build"])), ["first", "second"]);
  await expectReasons(rig, {});
  rig.write("inc/both", "both 2\n");
  const { code, stdout } = await rig.ask(["build", "--verbose"]);
  assertEquals({ code, ran: executed({ stdout }) }, { code: 0, ran: ["first", "second"] });
  assertMatch(stdout, /^Task 'first' must run: input changed: inc\/both$/m);
  await expectReasons(rig, {});
  assertEquals(rig.files().filter((path) => /\.tmp\./.test(path)), []);
});

// S5.1, S5.7
rigTest("what lies in a folder that another task makes is that task's, for those who name it too", async (rig) => {
  const gen = { name: "gen", source_files: ["gen.txt"], outputs: ["gen/"], command: "cp gen.txt $OUT/head" };
  rig.write("gen.txt", "1\n");
  writeProject(rig, [gen, unit("left", { after: ["gen"] })]);
  rig.write("src/left.txt", "left\nuse gen/head\n");
  assertEquals(executed(await rig.ask(["build"])), ["gen", "left"]);
  rig.write("gen.txt", "2\n");
  const looked = await rig.ask(["build", "--dry-run"]);
  assertStringIncludes(looked.stdout, "Task 'left' would run: dependency would run: gen");
  assertEquals(executed(await rig.ask(["build"])), ["gen", "left"]);
  assertEquals(rig.read("out/left"), "left\nuse gen/head\n2\n");
  await expectReasons(rig, {});
  rig.write("build.json", { tasks: [gen, unit("left")] });
  assertStringIncludes(await failure(rig), "reads 'gen/head', which task 'gen' makes, without waiting for it");
});

// S5.7, S0.39
rigTest(
  "a build that is killed leaves a dependency file that the next one removes, and knows what was done",
  async (rig) => {
    const gate = rig.hold("right");
    writeProject(rig, [
      unit("left"),
      unit("right", { command: `sh cc.sh src/right.txt && (OUT=/dev/null; ${gate.command})` }),
    ]);
    const running = rig.start(["build.json", "--jobs", "1"]);
    await gate.started();
    await running.says(/Completed task 'left'/);
    running.kill("SIGKILL");
    await running.ended;
    gate.release();
    const looked = await rig.ask(["build", "--dry-run"]);
    assertMatch(looked.stdout, /Task 'right' would run/);
    const again = rig.start(["build.json"]);
    await gate.started();
    await again.says(/Completed task 'left'|Task 'left' (?:skipped|restored)/); // so that it has none any more
    assertEquals(rig.files("out").filter((path) => /\.d\.tmp\./.test(path)).length, 1); // its own
    gate.release();
    assertEquals((await again.ended).code, 0);
    assertEquals(rig.files("out"), ["out/left", "out/right"]);
    rig.write("inc/left", "left 2\n");
    await expectReasons(rig, { left: "input changed: inc/left" });
  },
);

// S5.7
rigTest("a transaction that fails by a dependency file is undone, and done with what it named", async (rig) => {
  await built(rig);
  const before = rig.read("out/right");
  rig.write("inc/both", "both 2\n");
  const broken = unit("left", { command: "sh cc.sh src/left.txt; echo nothing > $DEPFILE" });
  rig.write("build.json", { tasks: [broken, unit("right")] });
  const failed = await rig.ask(["build", "--transaction", "--jobs", "1"]);
  assertEquals([failed.code, rig.read("out/right")], [1, before]);
  rig.write("build.json", { tasks: [unit("left"), unit("right")] });
  assertEquals((await rig.ask(["build", "--transaction"])).code, 0);
  assertStringIncludes(rig.read("out/right"), "both 2");
  await expectReasons(rig, {});
});

// S5.7
rigTest("what another task makes is that task's behind a link too, for those who name it there", async (rig) => {
  const gen = { name: "gen", source_files: ["gen.txt"], output_artifact: "gen/head", command: "cp gen.txt $OUT" };
  rig.write("gen.txt", "1\n");
  await Deno.symlink("gen", rig.path("link"));
  writeProject(rig, [gen, unit("left", { after: ["gen"] })]);
  rig.write("src/left.txt", "left\nuse link/head\n");
  assertEquals(executed(await rig.ask(["build"])), ["gen", "left"]);
  rig.write("gen.txt", "2\n");
  assertEquals(executed(await rig.ask(["build"])), ["gen", "left"]);
  assertEquals(rig.read("out/left"), "left\nuse link/head\n2\n");
  await expectReasons(rig, {});
  rig.write("build.json", { tasks: [gen, unit("left")] });
  assertStringIncludes(await failure(rig), "reads 'link/head', which task 'gen' makes, without waiting for it");
});
