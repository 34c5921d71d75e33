// Members of a crew hand on to each other what is no single file: checks, folders, several outputs, globs.
import { openDoors } from "../../asked.ts";
import { assertEquals } from "@std/assert";
import { query } from "../../actors/storage/raw_database.ts";
import { until } from "../../faults/rig.ts";
import { type Rig, rigTest } from "../../rig.ts";
import { executed } from "../said.ts";
import { contents, memberAtWork, memberExecutes } from "./members.ts";

// Two members at once
openDoors(2);

const LEFT = { requirements: ["left"] }, RIGHT = { requirements: ["right"] };

/** Each dependency leads from one member to the other. */
const TASKS = [
  { name: "lint", ...LEFT, source_files: ["src/*"], outputs: [], command: "grep -q . src/a" },
  {
    name: "bundle",
    ...RIGHT,
    dependencies: ["lint"],
    source_files: ["src/*"],
    outputs: ["dist/"],
    command: 'cp src/* "$OUT"',
  },
  {
    name: "two",
    ...RIGHT,
    source_files: ["src/a"],
    outputs: ["out/1", "out/2"],
    command: 'cp src/a "$OUT_1"; cp src/a "$OUT_2"',
  },
  { name: "gen", ...RIGHT, source_files: ["src/*"], outputs: ["gen/*.g"], command: "mkdir -p gen; cp src/a gen/a.g" },
  {
    name: "list",
    ...LEFT,
    dependencies: ["bundle", "two", "gen"],
    output: "out/list",
    command: 'echo "$DEPS" > "$OUT"',
  },
  { name: "all", ...RIGHT, dependencies: ["list", "lint"], outputs: [] },
];

/** Has two members do these tasks, each what it may, from when both are there; answers with all that they did. */
async function bothExecute(rig: Rig, tasks: readonly Record<string, unknown>[]): Promise<string[]> {
  const held = rig.hold(`held-${rig.files().length}-${Math.random()}`);
  const gate = { name: "gate", output: "gate", command: held.command };
  rig.write("build.json", { tasks: [gate, ...tasks.map((task) => ({ ...task, after: ["gate"] }))] });
  const members = ["left", "right"].map((label) =>
    memberAtWork(rig, ["build.json", `--id=${label}`, `--label=${label}`])
  );
  await held.started();
  const atWork = "select 1 from workers where status in ('idle', 'busy') and not is_registering";
  await until(() => query(rig.path("crew.sqlite"), atWork).length === 2, "both are there");
  held.release();
  const ends = await Promise.all(members.map(({ ended }) => ended));
  assertEquals(ends.some(({ code }) => code === 0), true, "who ends last sees all of it done");
  return ends.flatMap(executed).filter((name) => name !== "gate").sort();
}

// S5.1, S5.2, S3.33
rigTest(
  "what is no single file goes from member to member, and only what an edit asks for is done again",
  async (rig) => {
    rig.write("src/a", "a\n");
    rig.write("src/b", "b\n");
    assertEquals(await bothExecute(rig, TASKS), TASKS.map(({ name }) => name).sort());
    assertEquals(rig.read("out/list"), "dist out/1 out/2 gen/a.g\n");
    assertEquals(contents(rig, "dist"), { "/a": "a\n", "/b": "b\n" });
    assertEquals(executed(await rig.build(["build.json"])), [], "a build finds all of it done");

    rig.write("src/b", "other\n");
    assertEquals(await bothExecute(rig, TASKS), ["all", "bundle", "gen", "lint", "list"]);
    assertEquals(contents(rig, "dist"), { "/a": "a\n", "/b": "other\n" });

    rig.remove("dist/a");
    rig.write("dist/stray", "");
    const labels = ["--label=left", "--label=right"];
    const again = await memberExecutes(rig, "build.json", ...labels);
    assertEquals([again.filter((name) => name !== "bundle"), contents(rig, "dist")], [[], {
      "/a": "a\n",
      "/b": "other\n",
    }]);
  },
);

// S3.33, S5.2
rigTest("what is not remembered, as its sources changed meanwhile, is handed on and done again", async (rig) => {
  rig.write("src/a", "a\n");
  const tasks = [
    { name: "check", ...LEFT, source_files: ["src/a"], outputs: [], command: "[ ! -e edit ] || echo more >> src/a" },
    { name: "use", ...RIGHT, dependencies: ["check"], outputs: [], command: "cat src/a" },
  ];
  assertEquals(await bothExecute(rig, tasks), ["check", "use"]);
  rig.write("src/a", "b\n");
  rig.write("edit", "");
  assertEquals(await bothExecute(rig, tasks), ["check", "use"], "it has seen b, though nobody knows what else");
  rig.remove("edit");
  assertEquals(await bothExecute(rig, tasks), ["check", "use"]);
});
