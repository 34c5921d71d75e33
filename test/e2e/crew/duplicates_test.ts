// K87: equal work in a crew is done once.
import { openDoors } from "../../asked.ts";
import { assertEquals } from "@std/assert";
import { rigTest } from "../../rig.ts";
import { assertDoneOnce, crewReportOf, memberAtWork } from "./members.ts";

// Two members at once
openDoors(2);

rigTest("of tasks that come to the same work one is done, and the others take over what it made", async (rig) => {
  const held = rig.hold("held");
  const task = (name: string) => ({
    ...{ name, dependencies: ["a"], output: `out/${name}`, command: `${held.command}` },
  });
  const source = { name: "a", output: "a", command: "echo same > $OUT" };
  rig.write("build.json", { tasks: [source, task("x"), task("y"), task("z")] });
  const members = ["m1", "m2"].map((id) => memberAtWork(rig, [`--id=${id}`, "--jobs=1", "--json"]));
  await held.started();
  held.release();
  const reports = (await Promise.all(members.map(({ ended }) => ended))).map(crewReportOf);
  assertEquals(held.starts, 1, "the work of x, y and z");
  assertEquals(["x", "y", "z"].map((name) => rig.read(`out/${name}`)), ["held\n", "held\n", "held\n"]);
  const sum = (of: "executed" | "cache_hits") => reports.reduce((total, report) => total + report[of], 0);
  assertEquals([sum("executed"), sum("cache_hits")], [2, 2]);
  assertDoneOnce(rig, 4);
});

rigTest("where equal work failed it is tried by the next", async (rig) => {
  // Who comes when nobody is at work begins a new run, so both are at work before.
  const held = [rig.hold("h1"), rig.hold("h2")];
  const first = held.map(({ command }, at) => ({ name: `h${at}`, output: `h${at}`, command }));
  const task = (name: string) => ({
    ...{ name, output: name, dependencies: ["h0", "h1"], command: "echo once >> tries; exit 3" },
  });
  rig.write("build.json", { tasks: [...first, task("x"), task("y")] });
  const members = ["m1", "m2"].map((id) => memberAtWork(rig, [`--id=${id}`, "--jobs=1", "--json"]));
  for (const one of held) await one.started();
  for (const one of held) one.release();
  const reports = (await Promise.all(members.map(({ ended }) => ended))).map(crewReportOf);
  assertEquals(reports.reduce((total, { failed }) => total + failed, 0), 2);
  assertEquals(rig.read("tries"), "once\nonce\n");
});
