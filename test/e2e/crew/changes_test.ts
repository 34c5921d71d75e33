// K72: what is to be done changes while members are at work. None does as the registered task what it knows otherwise.
import { openDoors } from "../../asked.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { query, RawDatabase } from "../../actors/storage/raw_database.ts";
import { until } from "../../faults/rig.ts";
import { type Held, type Rig, rigTest } from "../../rig.ts";
import { executed } from "../said.ts";
import { openCrew } from "./crew.ts";
import { crewReportOf, member, memberAtWork, startMember, trails } from "./members.ts";

// Two members at once
openDoors(2);

const AGAIN = /^Task 'after' is to other members not what it was in '(?:build\.json|tasks\.txt)': reading it again\n$/;

/** A task that the test holds, one after it that only the first member may do, and one that anybody may. */
function writeConfig(rig: Rig, held: Held, after: Record<string, unknown> = {}): void {
  rig.write("build.json", {
    tasks: [{ name: "held", output: "held", command: held.command }, {
      ...{ name: "after", dependencies: ["held"], source_files: ["source"], requirements: ["gpu"] },
      ...{ output: "after", command: "cat $IN > $OUT; echo old >> $OUT" },
      ...after,
    }, { name: "last", dependencies: ["after"], output: "last" }],
  });
}

/** Starts the member that may do both, and once it is at the first, after a change, one that may not. */
async function startBoth(rig: Rig, held: Held, { input = "build.json", change }: {
  input?: string;
  change: () => void;
}) {
  const first = memberAtWork(rig, [input, "--id=first", "--label=gpu", "-j1", "--json"]);
  await held.started();
  change();
  const second = memberAtWork(rig, [input, "--id=second", "-j1"]);
  await until(
    () => query(rig.path("crew.sqlite"), "select 1 from workers where not is_registering").length === 2,
    "both know all tasks",
  );
  return { first, second };
}

rigTest("a member whose config was edited since it joined reads it again, and does what is registered", async (rig) => {
  for (
    const [edit, path] of [[{ command: "echo new > $OUT" }, "after"], [{ output: "elsewhere" }, "elsewhere"]] as const
  ) {
    const held = rig.hold(`held-${path}`);
    rig.write("source", "source\n");
    writeConfig(rig, held);
    const { first, second } = await startBoth(rig, held, { change: () => writeConfig(rig, held, edit) });
    held.release();
    const [ended, other] = await Promise.all([first.ended, second.ended]);
    assertEquals([ended.code, other.code], [0, 0], ended.stderr);
    assertMatch(ended.stderr.replace(/^(?!Task).*\n/gm, ""), AGAIN);
    assertEquals(rig.read(path), "command" in edit ? "new\n" : "source\nold\n");
    const { executed: made, tasks } = crewReportOf(ended);
    assertEquals(
      [made, tasks.completed],
      [executed({ stdout: ended.stderr }).length, 3],
      "what it did before counts too",
    );
    assertStringIncludes(ended.stderr, "Started task 'held'");
    assertEquals(trails(rig).after.replaceAll(" invalidated", ""), "running completed");
    for (const suffix of ["", "-wal", "-shm"]) {
      if (rig.has(`crew.sqlite${suffix}`)) rig.remove(`crew.sqlite${suffix}`);
    }
    assertEquals(executed(await rig.build(["build.json"])), []);
    for (const file of ["after", "elsewhere", ".build_cache.json"]) if (rig.has(file)) rig.remove(file);
  }
});

rigTest("a member whose sources were edited since it joined looks at them again, and goes on", async (rig) => {
  const held = rig.hold("held");
  rig.write("source", "one\n");
  writeConfig(rig, held);
  const { first, second } = await startBoth(rig, held, { change: () => rig.write("source", "two\n") });
  held.release();
  const [ended, other] = await Promise.all([first.ended, second.ended]);
  assertEquals([ended.code, other.code, rig.read("after")], [0, 0, "two\nold\n"], ended.stderr);
  assertEquals([/Task/.test(ended.stderr), trails(rig).after], [false, "running completed"]);
  using store = await openCrew(rig);
  const { fingerprint, lastFingerprint } = (await store.task("after"))!;
  assertEquals(lastFingerprint, fingerprint);
  assertEquals(executed(await rig.build(["build.json"])), []);
});

rigTest(
  "a member whose modules were edited since it joined joins again, as it has loaded their old form",
  async (rig) => {
    const held = rig.hold("held");
    rig.write("source", "source\n");
    rig.write("make.js", 'export const make = () => "old";');
    writeConfig(rig, held, { command: undefined, module: "make.js", export: "make" });
    const { first, second } = await startBoth(rig, held, {
      change: () => rig.write("make.js", 'export const make = () => "new";'),
    });
    held.release();
    const [ended, other] = await Promise.all([first.ended, second.ended]);
    assertEquals([ended.code, other.code, rig.read("after")], [0, 0, "new"], ended.stderr);
    assertMatch(ended.stderr.replace(/^(?!Task).*\n/gm, ""), AGAIN);
    assertEquals([trails(rig).after, executed(await rig.build(["build.json"]))], ["running completed", []]);
  },
);

rigTest("a member whose task file was edited since it joined reads it again", async (rig) => {
  const held = rig.hold("held");
  const write = (word: string) =>
    rig.write(
      "tasks.txt",
      `held: (OUT=/dev/null; ${held.command})\nafter: echo ${word} > after [after:held] [requires:gpu]\n` +
        "last: cat after [after:after]\n",
    );
  write("old");
  const { first, second } = await startBoth(rig, held, { input: "tasks.txt", change: () => write("new") });
  held.release();
  const [ended, other] = await Promise.all([first.ended, second.ended]);
  assertEquals([ended.code, other.code, rig.read("after")], [0, 0, "new\n"], ended.stderr);
  assertMatch(ended.stderr.replace(/^(?!Task).*\n/gm, ""), AGAIN);
  assertEquals(crewReportOf(ended).tasks.completed, 3);
});

rigTest("a member that knows a task otherwise again, with nothing changed, says so and leaves", async (rig) => {
  const held = rig.hold("held");
  rig.write("source", "one\n");
  writeConfig(rig, held);
  const { first, second } = await startBoth(rig, held, {
    change: () => {
      // as members would do that keep joining with another config
      using database = new RawDatabase(rig.path("crew.sqlite"));
      database.exec(`create trigger others after update of fingerprint on tasks
          when new.name = 'after' and new.fingerprint <> 'theirs'
          begin update tasks set fingerprint = 'theirs' where id = new.id; end;
        update tasks set fingerprint = 'theirs' where name = 'after'`);
    },
  });
  held.release();
  const ended = await first.ended;
  assertEquals([ended.code, rig.has("after"), trails(rig).after], [1, false, undefined]);
  const [again, leaves] = ended.stderr.split("\n").filter((line) => line.startsWith("Task"));
  assertMatch(`${again}\n`, AGAIN);
  assertEquals(leaves, "Task 'after' is to other members not what it is in 'build.json': this one leaves");
  const { executed: made, remaining, outdated } = crewReportOf(ended);
  assertEquals([made, remaining, outdated], [1, 2, "after"]);
  await second.ended;
});

rigTest(
  "a config that cannot be read when it is to be read again ends the member with its diagnostics",
  async (rig) => {
    const held = rig.hold("held");
    rig.write("source", "one\n");
    writeConfig(rig, held);
    const { first, second } = await startBoth(rig, held, {
      change: () => writeConfig(rig, held, { command: "echo new > $OUT" }),
    });
    rig.write("build.json", '{"tasks": [');
    held.release();
    const ended = await first.ended;
    assertEquals(ended.code, 2);
    assertMatch(ended.stderr, /build\.json:1/);
    assertEquals(rig.has("after"), false);
    await second.ended;
    writeConfig(rig, held, { command: "echo new > $OUT" });
    assertEquals((await member(rig, "--label=gpu")).code, 0);
    assertEquals(rig.read("after"), "new\n");
  },
);

// K84
rigTest("members do not wait for each other to do what no config has any more", async (rig) => {
  const held = rig.hold("held");
  const tasks = [{ name: "held", output: "held", command: held.command }];
  rig.write("build.json", { tasks: [...tasks, { name: "gone", after: ["held"], output: "gone", content: "" }] });
  const first = startMember(rig);
  await held.started();
  rig.write("build.json", { tasks });
  const others = [memberAtWork(rig, ["--id=second"]), memberAtWork(rig, ["--id=third"])];
  await until(
    () => query(rig.path("crew.sqlite"), "select 1 from workers where not is_registering").length === 3,
    "all have joined",
  );
  first.kill("SIGKILL");
  await held.started();
  held.release();
  for (const { code, stdout } of await Promise.all(others.map(({ ended }) => ended))) {
    assertEquals([code, /^Crew: 1 of 2 tasks completed, 1 to do$/m.test(stdout)], [1, true], stdout);
  }
  await first.ended;
  assertEquals([(await member(rig)).code, rig.has("gone")], [0, false]);
});

// K72
rigTest("what another member has made since this one joined is a build's, and is replaced", async (rig) => {
  const gate = rig.hold("gate"), stay = rig.hold("stay");
  rig.write("source", "old");
  rig.write("build.json", {
    tasks: [
      { name: "gate", output: "gate", command: gate.command, requirements: ["first"] },
      { name: "stay", output: "stay", command: stay.command, requirements: ["second"] },
      {
        ...{ name: "make", after: ["gate"], source_files: ["source"], outputs: ["folder/", "many/*"] },
        ...{ command: 'cp source "$OUT_1"; mkdir -p many; echo > many/$(cat source)', requirements: ["both"] },
      },
    ],
  });
  const first = memberAtWork(rig, ["--id=first", "--label=first", "--label=both"]);
  await gate.started();
  const second = startMember(rig, ["--id=second", "--label=second", "--label=both", "-j1"]);
  await stay.started();
  gate.release();
  await first.ended;
  assertEquals(rig.files("many"), ["many/old"]);
  rig.write("source", "new");
  await member(rig, "--id=third");
  stay.release();
  const { code, stdout, stderr } = await second.ended;
  assertEquals([code, executed({ stdout }), /No build is known/.test(stderr)], [0, ["make", "stay"], false], stderr);
  assertEquals([rig.files("many"), rig.has(".troupe/replaced")], [["many/new"], false]);
});
