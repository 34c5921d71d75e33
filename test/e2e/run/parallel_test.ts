// How many tasks of a task file run at once, and in which order. The test holds every command that matters.
import { assert, assertEquals } from "@std/assert";
import { rigTest } from "../../rig.ts";
import { holding, outcomes, startTroupe, troupe } from "./said.ts";

// S2.11, S2.12
rigTest("run does independent tasks at once, and what depends on them afterwards", async (rig) => {
  const held = ["a", "b", "c"].map((name) => rig.hold(name));
  rig.write("tasks.txt", [...held.map((one) => `${one.name}: ${holding(one)}`), "d: true [after:a,b,c]"].join("\n"));
  const run = startTroupe(rig, ["run", "tasks.txt", "--jobs", "8"]);
  await Promise.all(held.map((one) => one.started())); // none has ended
  held[2].release();
  await run.says(/^\[1\/4\] c: /m);
  held[0].release();
  await run.says(/^\[2\/4\] a: /m);
  held[1].release();
  const { code, stdout } = await run.ended;
  assertEquals(code, 0);
  assertEquals(Object.keys(outcomes(stdout)), ["c", "a", "b", "d"]);
});

// S2.11, S0.13: threads are started as tasks are seen to last
rigTest("run --jobs has as many tasks running as it was told, when all of them wait for something", async (rig) => {
  const held = Array.from({ length: navigator.hardwareConcurrency + 6 }, (_, i) => rig.hold(`t${i}`));
  rig.write("tasks.txt", held.map((one) => `${one.name}: ${holding(one)}`).join("\n"));
  const run = startTroupe(rig, ["run", "tasks.txt", "--jobs", String(held.length)]);
  await Promise.all(held.map((one) => one.started())); // none has ended
  for (const one of held) one.release();
  assertEquals((await run.ended).code, 0);
});

// S2.11, S2.13
rigTest("run --jobs 2 has two tasks running, never three", async (rig) => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const held = names.map((name) => rig.hold(name));
  rig.write("tasks.txt", held.map((one) => `${one.name}: ${holding(one)}`).join("\n"));
  const run = startTroupe(rig, ["run", "tasks.txt", "--jobs", "2"]);
  await run.says(/^Running with max 2 concurrent tasks\.\.\.$/m);
  const running = () => held.filter(({ starts }) => starts > 0).length;
  for (let ended = 0; ended < names.length; ended++) {
    const expected = Math.min(names.length, ended + 2);
    if (expected > running()) await held[expected - 1].started();
    assertEquals(running(), expected);
    held[ended].release();
    await run.says(new RegExp(`^\\[${ended + 1}/6\\] `, "m"));
    assert(running() <= ended + 3);
  }
  assertEquals((await run.ended).code, 0);
});

// S2.11
rigTest("run does as many tasks at once as there are CPUs, unless told", async (rig) => {
  const cpus = navigator.hardwareConcurrency;
  const held = Array.from({ length: cpus + 1 }, (_, i) => rig.hold(`t${i}`));
  rig.write("tasks.txt", held.map((one) => `${one.name}: ${holding(one)}`).join("\n"));
  const run = startTroupe(rig, ["run", "tasks.txt"]);
  await Promise.all(held.slice(0, cpus).map((one) => one.started()));
  assertEquals(held[cpus].starts, 0);
  held[0].release();
  await held[cpus].started();
  for (const one of held.slice(1)) one.release();
  const { code, stdout } = await run.ended;
  assertEquals([code, stdout.includes("Running with")], [0, false]);
});

// S2.12
rigTest("run skips what needs a failed task, at any distance, while independent tasks go on", async (rig) => {
  const held = rig.hold("held");
  rig.write(
    "tasks.txt",
    `bad: exit 7
     after_bad: true [after:bad]
     far: true [after:after_bad,good]
     good: ${holding(held)}
     after_good: true [after:good]`,
  );
  const run = startTroupe(rig, ["run", "tasks.txt", "--jobs", "2"]);
  await held.started();
  await run.says(/^\[3\/5\] far: .* SKIPPED/m); // known before `good` has ended
  held.release();
  const { code, stdout } = await run.ended;
  assertEquals(code, 1);
  assertEquals(outcomes(stdout), {
    bad: "FAILED",
    after_bad: "SKIPPED",
    far: "SKIPPED",
    good: "PASSED",
    after_good: "PASSED",
  });
});

// S2.11
rigTest("run gets through 300 tasks in layers, each after those it needs", async (rig) => {
  const lines: string[] = [];
  for (let i = 0; i < 300; i++) {
    const after = i < 30 ? "" : ` [after:t${i - 30},t${i - 30 + (i % 7)}]`.replace(`t${i},`, "");
    const needs = i < 30 ? "" : `[ -e out/t${i - 30} ] && [ -e out/t${i - 30 + (i % 7)} ] && `;
    lines.push(`t${i}: ${needs}: > out/t${i}${after}`);
  }
  rig.write("tasks.txt", lines.join("\n"));
  rig.write("out/.keep", "");
  const { code, stdout } = await troupe(rig, "run", "tasks.txt", "--jobs", "8");
  assertEquals([code, Object.values(outcomes(stdout)).every((word) => word === "PASSED")], [0, true]);
  assertEquals(rig.files("out").length, 301);
});
