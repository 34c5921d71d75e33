// How long tasks took, and what is started first for it.
import { assertEquals } from "@std/assert";
import { UsualDurations } from "../../../actors/build/usual_durations.ts";
import { rigTest } from "../../rig.ts";

// S7.13
Deno.test("what was quick, or is no duration, counts as all that was never done", () => {
  const durations = new UsualDurations(Object.create(null));
  const tasks = ["a", "b", "c", "d"].map((name) => ({ name }));
  assertEquals(durations.weights(tasks), undefined);
  durations.note("a", 49.9);
  assertEquals(durations.weights(tasks), undefined);
  durations.note("a", 1234.5);
  durations.note("b", 70);
  Object.assign(durations.all, { c: "long" });
  assertEquals(durations.weights(tasks), Float64Array.of(1235, 70, 10, 10));
  durations.note("b", 3);
  durations.keepOnly((name) => name === "b");
  assertEquals(durations.all, Object.create(null));
});

// S7.13
rigTest("a build starts first what took longest when it was last done", async (rig) => {
  const task = (name: string, seconds: number) => ({
    name,
    output: name,
    command: `sleep ${seconds}; echo ${name} > $OUT`,
  });
  rig.write("build.json", { num_workers: 1, tasks: [task("a", 0), task("b", 0.07), task("c", 0), task("d", 0.3)] });
  const started = async (...args: string[]) =>
    [...(await rig.build(args)).stdout.matchAll(/Started task '(\w)'/g)].map(([, name]) => name);
  assertEquals(await started(), ["a", "b", "c", "d"]);
  assertEquals((await started("--force"))[0], "d");
});
