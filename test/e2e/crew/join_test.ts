// What members of a crew make together: what one build makes, and only what is needed.
import { openDoors } from "../../asked.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { copySync } from "@std/fs";
import { fromFileUrl } from "@std/path";
import { generateMonorepo } from "../../../fixtures/monorepo/generate.ts";
import { RawDatabase } from "../../actors/storage/raw_database.ts";
import { type Rig, rigTest } from "../../rig.ts";
import { executed, hits } from "../said.ts";
import { openCrew, troupe } from "./crew.ts";
import {
  assertDoneOnce,
  cacheOf,
  contents,
  crewReportOf,
  member,
  memberAtWork,
  memberExecutes,
  startMember,
  trails,
} from "./members.ts";

// Two members at once
openDoors(2);

/** Two sources; `report` needs of the first only how long it is. */
function writeProject(rig: Rig): void {
  rig.write("a.txt", "one\n");
  rig.write("b.txt", "other\n");
  rig.write("build.json", {
    tasks: [
      { name: "upper", source_files: ["a.txt"], output: "out/upper", command: "tr a-z A-Z < $IN > $OUT" },
      { name: "length", dependencies: ["upper"], output: "out/length", command: "wc -c < $DEPS > $OUT" },
      { name: "report", dependencies: ["length"], output: "out/report", command: "cat $DEPS > $OUT" },
      { name: "other", source_files: ["b.txt"], output: "out/other", command: "cat $IN > $OUT; echo end >> $OUT" },
    ],
  });
}

rigTest("one member leaves the artifacts and the cache of a build, which then finds nothing to do", async (rig) => {
  for (const folder of ["built", "joined"]) generateMonorepo(rig.path(folder), { tasks: 24, dependencies: 50 });
  assertEquals((await rig.build(["built/build.json", "--jobs=2"])).code, 0);
  assertEquals((await memberExecutes(rig, "joined/build.json")).length, 24);
  assertEquals(contents(rig, "joined/build"), contents(rig, "built/build"));
  assertEquals(cacheOf(rig, "joined"), cacheOf(rig, "built"));
  const build = await rig.build(["joined/build.json", "--jobs=2"]);
  assertEquals([build.code, build.stderr, executed(build)], [0, "", []]);
  assert(!rig.has("joined/.build_cache.lock"));
});

// S3.39
rigTest("four members share a monorepo: each task is done once, and all of it is remembered", async (rig) => {
  for (const folder of ["built", "joined"]) generateMonorepo(rig.path(folder));
  assertEquals((await rig.build(["built/build.json", "--jobs=2"])).code, 0);
  const config = "joined/build.json";
  const members = Array.from({ length: 4 }, (_, i) => memberAtWork(rig, [config, "--json", `--id=m${i}`, "--jobs=2"]));
  const ends = await Promise.all(members.map((running) => running.ended));
  for (const { code, stderr } of ends) assertEquals([code, /waiting|error/i.test(stderr)], [0, false], stderr);
  const reports = ends.map(crewReportOf);
  const all = (count: (report: typeof reports[0]) => number) => reports.map(count).reduce((sum, one) => sum + one);
  assertEquals(all(({ executed, cache_hits }) => executed + cache_hits), 80);
  assertEquals(reports.map(({ unsuccessful, remaining }) => unsuccessful + remaining), [0, 0, 0, 0]);
  assertDoneOnce(rig, 80);
  assertEquals(contents(rig, "joined/build"), contents(rig, "built/build"));
  const { traces } = cacheOf(rig, "joined") as { traces: Record<string, unknown> };
  assertEquals(Object.keys(traces).length, 80);
  assertEquals(executed(await rig.build([config])), []);
  const again = crewReportOf(await member(rig, config, "--json"));
  assertEquals([again.executed, again.cache_hits, again.tasks.completed], [0, 0, 80]);
  assertDoneOnce(rig, 80);
});

// S3.4, S3.11
rigTest("what has changed is done again, for the right reason, and the rest is not", async (rig) => {
  writeProject(rig);
  const changes: [change: () => void, reasons: string[], hits: string[]][] = [
    [() => {}, ["length: new", "other: new", "report: new", "upper: new"], []],
    [() => {}, [], []],
    [
      () => rig.write("a.txt", "two\n"),
      ["length: dependency changed: upper", "upper: source changed: a.txt"],
      ["report"],
    ],
    [() => rig.remove("out/other"), ["other: artifact missing: out/other"], []],
    [() => rig.write("out/upper", "edited\n"), ["upper: artifact edited: out/upper"], ["length", "report"]],
    [
      () => rig.write("build.json", rig.read("build.json").replace("echo end", "echo END")),
      ["other: command changed"],
      [],
    ],
  ];
  for (const [change, reasons, early] of changes) {
    change();
    const ended = await member(rig, "--verbose", "--no-store");
    assertEquals([ended.code, ended.stderr], [0, ""]);
    assertEquals(reasonsIn(ended.stdout), reasons, ended.stdout);
    assertEquals(hits(ended), early, ended.stdout);
    assertEquals(executed(await rig.build(["build.json"])), []);
  }
  assertEquals(rig.read("out/upper") + rig.read("out/other"), "TWO\nother\nEND\n");
  using store = await openCrew(rig);
  const words = (await store.statusTrail("upper")).map(({ status }) => status);
  const round = ["running", "completed"];
  assertEquals(words, [...round, "invalidated", ...round, "invalidated", ...round]);
});

// K24
rigTest("a module's error that nobody handles fails its task in a crew, however late it comes", async (rig) => {
  rig.write(
    "tasks.js",
    `const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const writtenAt = async (path) => (await Deno.stat(path).catch(() => undefined))?.mtime ?? 0;
    const save = async () => {
      const begun = await writtenAt("out/late");
      // It is late once the task counts as completed: what needs it is there, or will not be made again.
      while (await writtenAt("out/after") === 0 || +await writtenAt("out/late") === +begun) await later(10);
      await later(300);
      throw new Error("not saved");
    };
    export const late = () => { save(); return "x"; };
    export const heard = () => { later(300).then(() => { throw new Error("heard"); }).catch(() => {}); return "y"; };`,
  );
  const task = (name: string) => ({
    ...{ name, module: "tasks.js", export: name, output: `out/${name}`, permissions: { read: ["out"] } },
  });
  rig.write("build.json", {
    tasks: [task("late"), task("heard"), { name: "after", dependencies: ["late"], output: "out/after" }],
  });
  for (let time = 0; time < 2; time++) {
    const ended = await member(rig, "--json");
    const { executed, cache_hits, failed, tasks, unsuccessful } = crewReportOf(ended);
    assertEquals([ended.code, failed, tasks.failed, unsuccessful], [1, 1, 1, 1], ended.stderr);
    assertEquals(executed + cache_hits, time === 0 ? 2 : 0, "the first time what needed it had gone on");
    assertMatch(ended.stderr, /Failed task 'late' after \S+ \(error: Module failed: not saved\)\nError: not saved/);
  }
  assertEquals(trails(rig).late, "running completed failed running completed failed");
  const build = await rig.build(["build.json"]);
  assertEquals([build.code, executed(build).includes("late")], [1, true], "a build does it again as well");
});

// K111
rigTest(
  "work whose dependency's artifact was changed while it went on is done again by the next member",
  async (rig) => {
    const held = rig.hold("held");
    rig.write("build.json", {
      tasks: [
        { name: "a", output: "o/a", command: "echo good > $OUT" },
        { name: "held", dependencies: ["a"], output: "o/held", command: `(${held.command}); cat $DEPS > $OUT` },
      ],
    });
    for (const [edit, content] of [["bad\n", "bad\n"], [undefined, "good\n"]]) {
      const running = startMember(rig);
      await held.started();
      if (edit !== undefined) rig.write("o/a", edit);
      held.release();
      assertEquals((await running.ended).code, 0);
      assertEquals(rig.read("o/held"), content);
    }
    assertEquals(await memberExecutes(rig), []);
  },
);

function reasonsIn(stdout: string): string[] {
  return [...stdout.matchAll(/^Task '(.+)' must run: (.+)$/gm)].map(([, task, reason]) => `${task}: ${reason}`).sort();
}

rigTest("a member never runs at once what shares a state, or asks for more than there is", async (rig) => {
  // mkdir refuses what another has made
  const alone = (name: string, i: number) => `mkdir ${name} && sleep 0.05 && rmdir ${name} && echo ${i} > $OUT`;
  rig.write("build.json", {
    resource_limits: { gpu: 1 },
    tasks: Array.from({ length: 8 }, (_, i) => ({
      name: `t${i}`,
      output: `out/${i}`,
      ...(i % 2 === 0
        ? { shares: ["port"], command: alone("port", i) }
        : { resources: { gpu: 1 }, command: alone("gpu", i) }),
    })),
  });
  assertEquals((await memberExecutes(rig, "--jobs=6")).length, 8);
});

rigTest("what a build has done in between is not done again", async (rig) => {
  writeProject(rig);
  assertEquals((await memberExecutes(rig)).length, 4);
  rig.write("b.txt", "another\n");
  assertEquals(executed(await rig.build(["build.json"])), ["other"]);
  assertEquals(await memberExecutes(rig), []);
});

rigTest("a result that is damaged in the database is as good as none", async (rig) => {
  writeProject(rig);
  assertEquals((await memberExecutes(rig)).length, 4);
  {
    using raw = new RawDatabase(rig.path("crew.sqlite"));
    raw.exec("update tasks set result = '[1,' where name = 'upper'");
    raw.exec("update tasks set result = '[[], {}]' where name = 'other'");
  }
  assertEquals(await memberExecutes(rig), [], "the build cache knows them");
  assertEquals(trails(rig).other, "running completed invalidated running completed");
  assertEquals(await memberExecutes(rig), []);
  assertEquals(trails(rig).other, "running completed invalidated running completed");
});

// A source that is another task's artifact, made anew by another member, is not what it was
rigTest("sources that other members make are read as they are now", async (rig) => {
  rig.write("s.txt", "first\n");
  const end = rig.hold("end");
  const task = (name: string, label: string, command: string, more = {}) => ({
    name,
    requirements: [label],
    output: `out/${name}`,
    command,
    ...more,
  });
  rig.write("build.json", {
    tasks: [
      task("make", "maker", "cat s.txt > $OUT; echo made >> $OUT", { source_files: ["s.txt"] }),
      task("between", "maker", "echo between > $OUT; cat $DEPS >> $OUT", { dependencies: ["make"] }),
      task("use", "user", "cat out/make > $OUT; echo used >> $OUT", {
        dependencies: ["between"],
        source_files: ["out/make"],
      }),
      task("end", "user", end.command, { dependencies: [] }),
    ],
  });
  const user = startMember(rig, ["--label=user", "--jobs=2"]);
  const makes = async () => {
    const ended = await member(rig, "--label=maker", "--json", "--max-killed-retries=0");
    assertEquals(crewReportOf(ended).executed, 2, ended.stderr);
  };
  await end.started();
  await makes();
  await user.says(/Completed task 'use'/);
  rig.write("s.txt", "second\n");
  await makes();
  await user.says(/Completed task 'use'[^]*Completed task 'use'/);
  end.release();
  assertEquals((await user.ended).code, 0);
  assertEquals(rig.read("out/use"), "second\nmade\nused\n");
  assertEquals(executed(await rig.build(["build.json"])), []);
});

// S3.33, S3.34
rigTest("labels: a task is done only by a member that has all that it requires", async (rig) => {
  const task = (name: string, requirements: string[], dependencies: string[] = []) => ({
    name,
    requirements,
    dependencies,
    output: name,
    command: `echo ${name} > $OUT`,
  });
  rig.write("build.json", {
    tasks: [
      task("plain", []),
      task("gpu", ["gpu"], ["plain"]),
      task("both", ["gpu", "big"]),
      task("last", [], ["gpu"]),
    ],
  });
  const plain = await member(rig, "--json");
  assertEquals([plain.code, crewReportOf(plain).executed], [1, 1]);
  assertEquals([crewReportOf(plain).remaining, plain.stderr.includes("Completed task 'plain'")], [3, true]);
  // K84
  const reasons = ["'gpu' requires gpu, which no member had", "'both' requires big, gpu, which no member had"];
  assertEquals(crewReportOf(plain).never_started, reasons);
  assertStringIncludes(plain.stderr, `Tasks can never start: ${reasons.join("; ")}\n`);
  assertEquals(executed(await member(rig, "--label=gpu")), ["gpu", "last"]);
  assertEquals(await memberExecutes(rig, "-l", "gpu", "-l", "big"), ["both"]);
  rig.write("tasks.txt", "a: true\nb: true [after:a] [requires:gpu, big]\n");
  const args = ["tasks.txt", "--db=tasks.sqlite"];
  const { code, stdout } = await member(rig, ...args, "--label=gpu");
  assertEquals([code, stdout.split("\n").at(-2)], [1, "Crew: 1 of 2 tasks completed, 1 to do"]);
  assertEquals((await member(rig, ...args, "--label=gpu", "--label=big")).code, 0);
  assertEquals(trails(rig, "tasks.sqlite"), { a: "running completed", b: "running completed" });
});

rigTest("a task file is worked through by several, and what failed blocks what needs it", async (rig) => {
  rig.write("tasks.txt", "a: echo a >> log\nb: echo b >> log [after:a]\nc: exit 3\nd: echo d >> log [after:c]\n");
  const members = ["x", "y"].map((id) => memberAtWork(rig, ["tasks.txt", `--id=${id}`]));
  const ends = await Promise.all(members.map(({ ended }) => ended));
  assertEquals(ends.map(({ code }) => code), [1, 1]);
  assertEquals(rig.read("log"), "a\nb\n");
  assertEquals(trails(rig), {
    a: "running completed",
    b: "running completed",
    c: "running failed",
    d: "blocked",
  });
  for (const { stdout } of ends) assertMatch(stdout, /^Crew: 2 of 4 tasks completed, 1 failed, 1 blocked$/m);
  rig.write("tasks.txt", rig.read("tasks.txt").replace("exit 3", "true"));
  assertEquals((await member(rig, "tasks.txt")).code, 0);
  assertEquals(rig.read("log"), "a\nb\nd\n", "what was done stays done");
});

rigTest("tasks that call modules are done by a crew as by a build", async (rig) => {
  const fixture = fromFileUrl(new URL("../../../fixtures/codegen", import.meta.url));
  for (const folder of ["built", "joined"]) {
    copySync(fixture, rig.path(folder));
    if (rig.has(`${folder}/build`)) rig.remove(`${folder}/build`);
    for (const path of rig.files(folder)) if (path.includes("/.build_cache")) rig.remove(path);
  }
  assertEquals((await rig.build(["built/build.json", "--jobs=2"])).code, 0);
  const args = ["joined/build.json", "--jobs=2", "--json"];
  const ends = await Promise.all(["x", "y"].map((id) => member(rig, ...args, `--id=${id}`)));
  assertEquals(ends.map(({ code }) => code), [0, 0]);
  assertEquals(contents(rig, "joined/build"), contents(rig, "built/build"));
  assertEquals(executed(await rig.build(["joined/build.json", "--jobs=2"])), []);
  assertDoneOnce(rig, 13);
});

rigTest("a build waits until the crew is done, and a crew for the build", async (rig) => {
  const held = rig.hold("held");
  rig.write("build.json", { tasks: [{ name: "held", output: "out", command: held.command }] });
  const crew = startMember(rig);
  await held.started();
  const build = rig.start(["build.json"]);
  const [, holder] = await build.says(/^Waiting for another build in this folder \(process (\d+)\)$/m, "stderr");
  assertEquals(Number(holder), crew.pid);
  held.release();
  assertEquals((await crew.ended).code, 0);
  assertEquals(executed(await build.ended), []);
  const forced = rig.start(["build.json", "--force"]);
  await held.started();
  const next = startMember(rig);
  await next.says(/^Waiting for another build in this folder/m, "stderr");
  held.release({ text: "by the build" });
  assertEquals((await forced.ended).code, 0);
  const { code, stdout } = await next.ended;
  assertEquals([code, executed({ stdout }), rig.read("out")], [0, [], "by the build\n"]);
});

// K79
rigTest("a member follows those who share the database, and is told at once when they do not", async (rig) => {
  const held = rig.hold("held");
  rig.write("build.json", {
    tasks: [{ name: "held", output: "held", command: held.command }, { name: "b", output: "b" }],
  });
  const [shared, own] = [["--db=shared.sqlite", "--shared-fs"], ["--db=own.sqlite"]];
  const first = startMember(rig, [...own, "--id=first"]);
  await held.started();
  const refused = await member(rig, "--db=own.sqlite", "--shared-fs");
  assertEquals([refused.code, refused.stdout], [2, ""]);
  assertMatch(
    refused.stderr,
    /^Database 'own.sqlite' is used without --shared-fs by worker 'first' \(process \d+ on '.*'\): /,
  );
  held.release();
  assertEquals((await first.ended).code, 0);
  assertEquals((await member(rig, ...shared)).code, 0);
  const follower = await member(rig, "--db=shared.sqlite");
  const sentence = "Database 'shared.sqlite' is shared by hosts: joining as with --shared-fs\n";
  assertEquals([follower.code, follower.stderr], [0, sentence]);
  const crew = await troupe(rig, "crew", "2", "build.json", "--db=shared.sqlite");
  assertEquals([crew.code, crew.stderr], [0, sentence]);
  assertEquals(rig.files().filter((path) => path.includes("lock")), []);
});
