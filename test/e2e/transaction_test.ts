// `build --transaction`: all or nothing, on the command line.
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { TRANSACTION_FOLDER } from "../../actors/build/transaction/folder.ts";
import { build, GateError, safeBuild, TransactionError } from "../../mod.ts";
import { sha256 } from "../../graph/digest.ts";
import { type Rig, rigTest } from "../rig.ts";
import { executed, reportOf } from "./said.ts";

const TASKS = [
  { name: "copy", output: "out/copy", source_files: ["src"] },
  { name: "shout", output: "out/shout", dependencies: ["copy"], command: 'tr a-z A-Z < "$DEPS" > "$OUT"' },
  { name: "place", output: "out/place", source_files: ["src"], command: "cat src > out/place; chmod 600 out/place" },
];

/** Every artifact with its content and mode. */
function artifacts(rig: Rig): string[] {
  return rig.files().filter((path) => path.startsWith("out/")).map((path) => {
    const mode = Deno.statSync(rig.path(path)).mode! & 0o777;
    return `${path} ${mode.toString(8)} ${rig.read(path)}`;
  });
}

function configure(rig: Rig, ...more: object[]): void {
  rig.write("build.json", { tasks: [...TASKS, ...more] });
}

/** A project that is built, and then edited so that all has to be done again. */
async function built(rig: Rig, ...more: object[]): Promise<string[]> {
  configure(rig);
  rig.write("src", "old\n");
  assertEquals((await rig.build(["--no-history"])).code, 0);
  const before = artifacts(rig);
  rig.write("src", "edited\n");
  configure(rig, ...more);
  return before;
}

const FAILS = { name: "fails", output: "out/new/fails", dependencies: ["shout", "place"], command: "exit 3" };

// S1.22
rigTest("a failed transaction leaves every artifact as it was, and what was not there is gone", async (rig) => {
  const before = await built(rig, { name: "new", output: "out/more/new", source_files: ["src"] }, FAILS);
  const { code, stdout } = await rig.build(["--transaction", "--no-history"]);
  assertEquals(code, 1);
  assertMatch(stdout, /\nRolled back: 5 artifacts are as they were before the build\n$/);
  assertEquals(artifacts(rig), before);
  assert(!rig.has("out/more") && !rig.has("out/new") && !rig.has(TRANSACTION_FOLDER));
  // what is remembered fits what is there: without the edit there is nothing to do
  configure(rig);
  rig.write("src", "old\n");
  assertEquals(executed(await rig.build(["--no-history"])), []);
});

// S1.22: validation of results
rigTest(
  "a transaction with an artifact that is not the expected one is rolled back, and says so in JSON",
  async (rig) => {
    const sum = { name: "sum", dependencies: ["fresh", "shout"], content: "x", expected_sha256: "0".repeat(64) };
    const fresh = { name: "fresh", output: "out/fresh", source_files: ["src"] };
    const before = await built(rig, { ...sum, output: "out/sum" }, fresh);
    const ended = await rig.build(["--transaction", "--json", "--no-history"]);
    // K61: the report tells what lies there now, not what was put back
    const { shout, fresh: gone } = reportOf(ended).results;
    assertEquals([shout.artifact_path, shout.sha256], ["out/shout", sha256(rig.read("out/shout"))]);
    assertEquals([gone.status, gone.artifact_path, "sha256" in gone], ["completed", null, false]);
    assertEquals([ended.code, reportOf(ended).rolled_back, reportOf(ended).failed], [1, true, 1]);
    assertEquals(artifacts(rig), before);
  },
);

rigTest("a transaction in which all goes well is like any other build", async (rig) => {
  await built(rig);
  const { code, stdout } = await rig.build(["--transaction", "--no-history"]);
  assertEquals([code, rig.read("out/shout"), rig.read("out/place")], [0, "EDITED\n", "edited\n"]);
  assert(!stdout.includes("Rolled back") && !rig.has(TRANSACTION_FOLDER));
  assertEquals(executed(await rig.build(["--transaction", "--no-history"])), []);
});

// S1.22: then sequentially
rigTest("--fallback sequential builds once more after a rollback, one task at a time", async (rig) => {
  await built(rig, {
    name: "moody",
    output: "out/moody",
    command: '[ -e once ] || { : > once; exit 1; }; echo > "$OUT"',
  });
  const { code, stdout, stderr } = await rig.build(["--transaction", "--fallback", "sequential", "--no-history"]);
  assertEquals(code, 0);
  assertMatch(stdout, /^Rolled back: \d+ artifacts? (?:is|are) as /m);
  assertEquals(stderr, "Building once more, one task at a time\n");
  assertMatch(stdout, /: 4 succeeded, 0 failed, 0 skipped\n$/);
  assert(!stdout.slice(stdout.indexOf("Rolled back")).includes("Worker 2"));
  assertEquals([rig.read("out/shout"), rig.has(TRANSACTION_FOLDER)], ["EDITED\n", false]);
});

rigTest("--fallback sequential rolls back again when that fails too", async (rig) => {
  const before = await built(rig, FAILS);
  const { code, stdout } = await rig.build(["--transaction", "--fallback=sequential", "--no-history"]);
  assertEquals([code, stdout.match(/^Rolled back/gm)?.length], [1, 2]);
  assertEquals(artifacts(rig), before);
});

/** A project that was built and changed, and whose next build stops at its last task until it is let go. */
async function builtToBeHeld(rig: Rig) {
  const held = rig.hold("held");
  const last = { name: "held", output: "out/held", dependencies: ["shout", "place"], command: held.command };
  return { held, before: await built(rig, last) };
}

// S1.22
rigTest("an interrupted transaction is rolled back, and not built once more", async (rig) => {
  const { held, before } = await builtToBeHeld(rig);
  const running = rig.start(["--transaction", "--fallback=sequential", "--no-history"]);
  await held.started();
  assertEquals(rig.read("out/shout"), "EDITED\n");
  running.kill("SIGINT");
  const { code, stdout } = await running.ended;
  assertEquals(code, 130);
  assertStringIncludes(stdout, "Rolled back: 4 artifacts");
  assertEquals(artifacts(rig), before);
});

// S1.22
rigTest("a build says first that it undid a transaction that was killed", async (rig) => {
  const { held, before } = await builtToBeHeld(rig);
  const running = rig.start(["--transaction", "--no-history"]);
  await held.started();
  running.kill("SIGKILL");
  await running.ended;
  assertStringIncludes(
    (await rig.build(["--dry-run"])).stderr,
    "The next build will first undo an unfinished transaction\n",
  );
  rig.write("src", "old\n");
  configure(rig);
  const next = await rig.build(["--no-history"]);
  assertEquals(next.stderr, "Undid an unfinished transaction: 4 artifacts are as they were before it\n");
  assertEquals([artifacts(rig), executed(next)], [before, []]);
});

rigTest("a build starts nothing when it cannot undo an unfinished transaction", async (rig) => {
  await built(rig);
  rig.write(`${TRANSACTION_FOLDER}/journal`, '{"version":1}\nnonsense\n');
  const { code, stdout, stderr } = await rig.build(["--no-history"]);
  assertEquals([code, stdout], [1, ""]);
  assertMatch(stderr, /^The journal of the unfinished transaction in '.*' is damaged in line 2: /);
  let error: unknown;
  await build(rig.path("build.json")).catch((reason) => error = reason);
  assert(error instanceof TransactionError);
});

rigTest("--fallback is refused without --transaction, and when there is no such fallback", async (rig) => {
  configure(rig);
  assertEquals((await rig.build(["--fallback=sequential"])).stderr, "--fallback needs --transaction\n");
  const { code, stderr } = await rig.build(["--transaction", "--fallback=parallel"]);
  assertEquals([code, stderr], [2, "--fallback must be 'sequential', not 'parallel'\n"]);
});

// S1.17, S1.22, S1.28
rigTest("safeBuild() asks the gates, and rolls back what fails also one after another", async (rig) => {
  const before = await built(rig, FAILS);
  const { gates, report } = await safeBuild(rig.path("build.json"));
  assertEquals([gates.can_parallel, report.failed, report.rolled_back], [true, 1, true]);
  assertEquals(artifacts(rig), before);
  configure(rig, { name: "x", output: "x", content: "", writes: ["out/c*"] });
  rig.write("refuse.json", { conflict_resolution: "refuse" });
  await assertRejects(() => safeBuild(rig.path("build.json"), { gates: rig.path("refuse.json") }), GateError);
  assertEquals(artifacts(rig), before);
  const done = await safeBuild(rig.path("build.json"));
  assertEquals([done.gates.can_parallel, done.report.completed], [false, 4]);
});

// S1.30, S5.1
rigTest(
  "an output folder that is rolled back is as it was, times and modes with it",
  async (rig) => {
    const make =
      'mkdir "$OUT/sub"; echo one > "$OUT/a"; echo two > "$OUT/sub/b"; touch -d 2001-02-03 "$OUT/a" "$OUT/sub/b" "$OUT/sub"';
    const tasks = [
      { name: "dist", outputs: ["dist/"], command: `${make}; chmod 555 "$OUT/sub"` },
      { name: "late", outputs: [], dependencies: ["dist"], command: "test ! -e fail" },
    ];
    rig.write("build.json", { tasks });
    assertEquals((await rig.build()).code, 0);
    const looks = () =>
      ["dist/a", "dist/sub", "dist/sub/b"].map((path) => {
        const { mode, mtime } = Deno.statSync(rig.path(path));
        return `${path} ${(mode! & 0o777).toString(8)} ${mtime!.toISOString()}`;
      });
    const before = looks();
    rig.write("fail", "");
    const { code, stdout } = await rig.build(["--force", "--transaction"]);
    assertEquals([code, looks()], [1, before], stdout);
    rig.remove("fail");
    const again = await rig.build();
    assertEquals([again.code, executed(again), looks()], [0, [], before], "it is known by what it holds");
  },
);
